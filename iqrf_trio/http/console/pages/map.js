// The mesh as its tree: where each node is, and how it is.
import { address, Choice, find, go, html, keyOf, Loading, matches, period, Search, stateOf, T, useEffect, useMemo, useNow, useRef, useState, useStore, useWide } from "../parts/page.js";
import { Details } from "../parts/details.js";
import { MapView } from "../parts/map_view.js";
import { layOut } from "../parts/tree.js";

// The mark of a device: how it is by what the map is coloured by.
const MARKS = {
	state: (device, now) => stateOf(device, now, period()),
	rssi: ({ rssi }) => (rssi === null ? "unknown" : rssi > -75 ? "good" : rssi >= -95 ? "stale" : "silent"),
	age: ({ heardAt }, now) => {
		if (!heardAt) return "unknown";
		const periods = (now - Date.parse(heardAt)) / 60000 / period();
		return periods <= 1.2 ? "good" : periods <= 2.2 ? "stale" : "silent";
	},
};

const STATES = ["good", "stale", "silent", "unknown"]; // in the order of the legend

export function MapPage({ rest }) {
	const { devices } = useStore();
	const now = useNow();
	const wide = useWide();
	const view = useRef();
	const [typed, setTyped] = useState("");
	const [by, setBy] = useState("state");
	// Places change with the tree only, and not with every value.
	const shape = devices?.map(({ address, parent, discovered }) => [address, parent, discovered]).join(";");
	const plan = useMemo(() => devices && layOut(devices), [shape]);
	const chosen = devices && find(devices, rest[0]);
	useEffect(() => chosen && view.current?.show(chosen.address), [rest[0]]);
	if (!devices) return html`<h1>${T.map}</h1><${Loading} lines=${6} />`;
	const open = (device) => (wide ? go("map", keyOf(device)) : go("node", keyOf(device)));
	const found = typed.trim() ? devices.filter((device) => matches(device, typed)) : null;
	const first = () => found?.length && (view.current?.show(found[0].address), wide && open(found[0]));
	const mark = (device) => MARKS[by](device, now);
	return html`<h1 class="hidden">${T.map}</h1>
		<div class="tools">
			<${Search} label=${T.findNode} value=${typed} onInput=${setTyped} onEnter=${first} />
			<${Choice} label=${T.colourBy} options=${Object.entries(T.colours)} value=${by} onChange=${setBy} />
			<ul class="legend">${T.legend[by].map((text, index) => html`<li key=${text}><svg class="dot ${STATES[index]}" viewBox="0 0 12 12" aria-hidden="true"><circle cx="6" cy="6" r="5" /></svg>${text}</li>`)}</ul>
			${found && html`<span class="soft" role="status">${T.found(found.length)}</span>`}
		</div>
		<div class="map-and-node">
			<${MapView} control=${view} devices=${devices} plan=${plan} mark=${mark} chosen=${chosen} found=${found && new Set(found.map((each) => each.address))} onOpen=${open} />
			${wide && chosen && html`<aside aria-label=${T.node(chosen.address)}>
				<a class="close" href=${address("map")} aria-label=${T.dismiss}>×</a>
				<${Details} key=${chosen.mid} device=${chosen} devices=${devices} />
			</aside>`}
		</div>`;
}
