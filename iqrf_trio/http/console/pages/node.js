// One node, on a page of its own.
import { html } from "../vendor/htm-preact.js";
import { Details } from "../parts/details.js";
import { useStore } from "../parts/store.js";
import { Loading } from "../parts/widgets.js";
import { find, keyOf } from "../parts/words.js";
import { T } from "../texts.js";

export function Node({ rest }) {
	const { devices } = useStore();
	if (!devices) return html`<${Loading} lines=${8} />`;
	const device = find(devices, rest[0]);
	if (!device) return html`<h1>${T.noSuchNode}</h1><p><a href="#/nodes">${T.nodes}</a></p>`;
	return html`<${Details} key=${keyOf(device)} device=${device} devices=${devices} />`;
}
