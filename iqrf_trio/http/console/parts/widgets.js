// Small things that several pages show.
import { html, useEffect, useState } from "../vendor/htm-preact.js";
import { T } from "../texts.js";
import { ask } from "./http.js";
import { Sign } from "./signs.js";
import { period, useNow } from "./store.js";
import { age, format, isStale } from "./words.js";

// A state as a mark with its word; never by its colour alone.
export function State({ state, text }) {
	return html`<span class="state ${state}"><${Sign} name=${state} /> ${text ?? T.states[state]}</span>`;
}

export function Value({ sensor }) {
	const unit = sensor.unit ? html`<span class="unit"> ${sensor.unit}</span>` : null;
	return html`<span class="value">${format(sensor.value, sensor.decimals)}${unit}</span>`;
}

// How old something is; amber where that is too old. `at` is a time in ISO 8601 or null.
export function Age({ at }) {
	const now = useNow();
	if (!at) return html`<span class="age">${T.never}</span>`;
	const stale = isStale(at, now, period());
	return html`<time class="age ${stale ? "stale" : ""}" datetime=${at} title=${new Date(at).toLocaleString("en-GB")}>
		${T.ago(age(at, now))}</time>`;
}

// A button that cannot be pressed while `why` says something.
export function Button({ kind = "", why = "", children, ...others }) {
	return html`<button class=${kind} disabled=${Boolean(why)} title=${why} ...${others}>${children}</button>`;
}

// Several views of one page, as links; `texts` are their names by the last part of the address.
export function Tabs({ base, texts, shown }) {
	return html`<nav class="tabs" aria-label=${T[base]}>${Object.entries(texts).map(([name, text]) => html`<a key=${name} href=${`#/${base}/${name}`} aria-current=${name === shown ? "page" : null}>${text}</a>`)}</nav>`;
}

// A button that carries out something that takes a while: it says so, and what became of it. With
// `sure` that has to be pressed as well.
export function Action({ label, run, kind = "", sure = "", why = "" }) {
	const [busy, setBusy] = useState(false);
	const [asked, setAsked] = useState(false);
	const [said, say] = useState(null);
	const press = async () => {
		if (sure && !asked) return setAsked(true);
		setAsked(false);
		setBusy(true);
		say(null);
		try {
			say({ state: "good", text: (await run()) || T.done });
		} catch (error) {
			say({ state: "silent", text: error.message });
		}
		setBusy(false);
	};
	return html`<span class="action">
		<${Button} kind=${asked ? "dangerous" : kind} why=${busy ? T.busy : why} onClick=${press} onBlur=${() => setAsked(false)}>${busy ? T.busy : asked ? sure : label}<//>
		<span role="status">${said && html`<${State} ...${said} />`}</span>
	</span>`;
}

// One of several choices, as a row of buttons.
export function Choice({ label, options, value, onChange }) {
	return html`<div class="choice" role="group" aria-label=${label}>
		${options.map(([key, text]) => html`<button key=${key} aria-pressed=${key === value} onClick=${() => onChange(key)}>${text}</button>`)}
	</div>`;
}

// `options` are [value, text], or values that are texts.
export function Select({ label, options, value, onChange }) {
	return html`<label>${label} <select value=${value} onChange=${(event) => onChange(event.target.value)}>${options.map((each) => {
		const [key, text] = [each].flat();
		return html`<option key=${key} value=${key}>${text ?? key}</option>`;
	})}</select></label>`;
}

export function Search({ label, value, onInput, onEnter }) {
	const enter = (event) => event.key === "Enter" && onEnter?.();
	return html`<label class="search"><${Sign} name="search" /><span class="hidden">${label}</span>
		<input type="search" placeholder=${label} value=${value} onInput=${(event) => onInput(event.target.value)} onKeyDown=${enter} />
	</label>`;
}

// Until there is an answer: the shape of what comes, or why it does not.
export function Loading({ lines = 3, error }) {
	if (error) return html`<p role="alert">${error.message}</p>`;
	return html`<div class="loading" aria-label=${T.loading}>${Array.from({ length: lines }, (_, index) => html`<span key=${index} />`)}</div>`;
}

// Whether the page is wide enough for a column beside its content.
export function useWide(width = 1000) {
	const query = `(min-width: ${width}px)`;
	const [wide, set] = useState(matchMedia(query).matches);
	useEffect(() => {
		const media = matchMedia(query);
		const changed = () => set(media.matches);
		media.addEventListener("change", changed);
		return () => media.removeEventListener("change", changed);
	}, []);
	return wide;
}

// Asks once for each value of `key`, again each `seconds` while the page is looked at, and by
// again(). Gives {answer, error, again}; a later key forgets earlier answers.
export function useAnswer(key, load, seconds = 0) {
	const [told, tell] = useState({});
	const [count, setCount] = useState(0);
	useEffect(() => tell({}), [key]);
	useEffect(() => {
		let over = false;
		const ask = () => load().then((answer) => over || tell({ answer }), (error) => over || tell({ error }));
		ask();
		const timer = seconds && setInterval(() => document.hidden || ask(), seconds * 1000);
		return () => {
			over = true;
			clearInterval(timer);
		};
	}, [key, count]);
	return { ...told, again: () => setCount(count + 1) };
}

// What is at a path of the gateway, as useAnswer.
export const useAsked = (path, seconds) => useAnswer(path, () => ask(path), seconds);
