// Requests as forms: which message, and fields for the members of its JSON schema, simple ones as
// fields of a form, others as JSON.
import { html, useState } from "../vendor/htm-preact.js";
import { T } from "../texts.js";
import { Select } from "./widgets.js";
import { label } from "./words.js";

// What a form begins with: the example of the message, or the defaults of its schema.
export function initial({ example, schema }) {
	if (!schema) return undefined;
	if (example) return example;
	const members = Object.entries(schema.properties ?? {}).filter(([, each]) => "default" in each);
	return Object.fromEntries(members.map(([name, each]) => [name, each.default]));
}

// The schema with these members only.
export const only = ({ properties, required }, names) => ({
	properties: Object.fromEntries(names.filter((name) => name in properties).map((name) => [name, properties[name]])),
	required,
});

// The members of `all` that are not what they are known to be.
export function changes(all, known = {}) {
	const differs = ([name, value]) => JSON.stringify(value) !== JSON.stringify(known[name]);
	return Object.fromEntries(Object.entries(all).filter(differs));
}

// With `plain` members have names in words.
export function Members({ schema, plain = false, value, onChange }) {
	const members = Object.entries(schema.properties ?? {});
	if (!members.length) return html`<p class="soft">${T.noMembers}</p>`;
	const set = (name, given) => {
		const { [name]: _, ...others } = value ?? {};
		onChange(given === undefined ? others : { ...others, [name]: given });
	};
	return html`<div class="fields">${members.map(([name, each]) => html`<${Field} key=${name} plain=${plain} name=${plain ? label(name) : name} schema=${each}
		needed=${schema.required?.includes(name)} value=${value?.[name]} onChange=${(given) => set(name, given)} />`)}</div>`;
}

function Field({ name, plain, schema, needed, value, onChange }) {
	const head = html`<span>${name}${needed ? " *" : ""}</span>${schema.description && html`<small>${schema.description}</small>`}`;
	if (schema.type === "boolean")
		return html`<label class="check"><input type="checkbox" checked=${value ?? schema.default ?? false} onChange=${(event) => onChange(event.target.checked)} /> <span>${head}</span></label>`;
	if (schema.enum)
		return html`<${Select} label=${head} options=${schema.enum.map(String)} value=${String(value ?? "")} onChange=${(text) => onChange(schema.enum.find((each) => String(each) === text))} />`;
	if (schema.type === "integer" || schema.type === "number")
		return html`<label>${head}<input type="number" min=${schema.minimum} max=${schema.maximum} step=${schema.type === "integer" ? 1 : "any"} value=${value ?? schema.default ?? ""}
			onInput=${(event) => onChange(event.target.value === "" ? undefined : Number(event.target.value))} /></label>`;
	if (schema.type === "string")
		return html`<label>${head}<input type=${schema.format ?? "text"} value=${value ?? ""} onInput=${(event) => onChange(event.target.value || (needed ? "" : undefined))} /></label>`;
	if (schema.properties) return html`<fieldset><legend>${name}</legend><${Members} schema=${schema} plain=${plain} value=${value} onChange=${onChange} /></fieldset>`;
	const [hint, write, read] = isFlat(schema) ? lines(schema.items.properties) : ["", (given) => JSON.stringify(given, null, 1), JSON.parse];
	return html`<${Written} label=${head} hint=${hint} text=${value === undefined ? "" : write(value)} read=${read} onChange=${onChange} />`;
}

const READ = { string: String, integer: Number, number: Number, boolean: (text) => text === "true" };
const isFlat = ({ items }) => items?.properties && Object.values(items.properties).every(({ type }) => type in READ);

// A list of flat objects, one in a line: values with commas between, nothing for what is left out.
function lines(members) {
	const names = Object.keys(members);
	const member = (part, index) => [names[index], part.trim() && READ[members[names[index]].type](part.trim())];
	const line = (text) => Object.fromEntries(text.split(",", names.length).map(member).filter(([, given]) => given !== ""));
	return [
		T.lines(names),
		(all) => all.map((each) => names.map((name) => each[name]).join(", ")).join("\n"),
		(text) => text.trim().split("\n").map(line),
	];
}

// What is not written as `read` takes it is undefined.
function Written({ label, hint, text, read, onChange }) {
	const [typed, setTyped] = useState(text);
	const [wrong, setWrong] = useState("");
	const input = ({ target }) => {
		setTyped(target.value);
		setWrong("");
		try {
			onChange(target.value.trim() ? read(target.value) : undefined);
		} catch (error) {
			onChange(undefined);
			setWrong(T.notJson(error.message));
		}
	};
	return html`<label>${label}<small>${hint}</small><textarea rows="3" spellcheck=${false} value=${typed} onInput=${input} aria-invalid=${Boolean(wrong)} />${wrong && html`<small role="alert">${wrong}</small>`}</label>`;
}

export function MessageChoice({ messages, value, onChange }) {
	return html`<div class="fields"><${Select} label=${T.message} options=${messages.map(({ mType }) => mType)} value=${value} onChange=${onChange} /></div>`;
}

export function Request({ message: { about, scope, service, schema }, value, onChange }) {
	return html`<p class="soft">${about} ${scope && T.takes(scope, service)}</p>
		<${Members} schema=${schema ?? {}} value=${value} onChange=${onChange} />`;
}
