// What an answer says, as a list of facts and tables, whatever message it is of.
import { html } from "../vendor/htm-preact.js";
import { T } from "../texts.js";
import { label } from "./words.js";

// A component is an object with props.
const isObject = (value) => typeof value === "object" && value !== null && !value.props;
const isEmpty = (value) => value === undefined || value === null || value === "" || (isObject(value) && !Object.keys(value).length);

export function Told({ value }) {
	if (isEmpty(value)) return null;
	if (!isObject(value)) return html`<p>${text(value)}</p>`;
	if (Array.isArray(value)) return value.some(isObject) ? html`<${Table} rows=${value} />` : html`<p>${text(value)}</p>`;
	const members = Object.entries(value).filter(([, each]) => !isEmpty(each));
	const [deep, flat] = [members.filter(([, each]) => isDeep(each)), members.filter(([, each]) => !isDeep(each))];
	return html`${flat.length > 0 && html`<dl class="facts">${flat.map(([name, each]) => html`<dt>${label(name)}</dt><dd>${text(each)}</dd>`)}</dl>`}
		${deep.map(([name, each]) => html`<details key=${name} open=${Array.isArray(each)}><summary>${label(name)}</summary><${Told} value=${each} /></details>`)}`;
}

const isDeep = (value) => isObject(value) && (!Array.isArray(value) || value.some(isObject));

function text(value) {
	if (typeof value === "boolean") return value ? T.yes : T.no;
	if (isEmpty(value)) return T.noValue;
	if (Array.isArray(value)) return value.join(", ");
	return isObject(value) ? JSON.stringify(value) : value;
}

// `rows` have their members by the headings; a value may be a component.
export function Table({ rows }) {
	const columns = [...new Set(rows.flatMap(Object.keys))];
	if (!rows.length) return html`<p class="soft">${T.nothing}</p>`;
	return html`<div class="scrolled" tabindex="0"><table><thead><tr>${columns.map((name) => html`<th key=${name}>${label(name)}</th>`)}</tr></thead>
		<tbody>${rows.map((row, index) => html`<tr key=${index}>${columns.map((name) => html`<td key=${name} data-of=${label(name)}>${text(row[name])}</td>`)}</tr>`)}</tbody></table></div>`;
}
