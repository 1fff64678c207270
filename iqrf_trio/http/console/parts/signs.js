// The signs: one path each on a grid of 24. Those that say something alone have a title.
import { html } from "../vendor/htm-preact.js";

const PATHS = {
	overview: "M4 20V10l8-6 8 6v10h-6v-6h-4v6z",
	map: "M12 12 5 6M12 12l7-5M12 12v8M12 9.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5zM5 4a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM19 5a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM12 18a2 2 0 1 1 0 4 2 2 0 0 1 0-4z",
	nodes: "M4 6h16M4 12h16M4 18h16",
	sensors: "M4 19V5M4 19h16M8 15l4-5 3 3 5-6",
	network: "M6 8a6 6 0 0 1 12 0M9 9a3 3 0 0 1 6 0M12 10v10M8 20h8",
	readings: "M12 4a8 8 0 1 0 8 8M12 7v5l3 3M20 4v5h-5",
	messages: "M4 5h16v11H9l-5 4z",
	tasks: "M5 6h14v14H5zM5 10h14M9 3v5M15 3v5",
	system: "M4 7h10M18 7h2M4 17h2M10 17h10M16 5v4M8 15v4",
	more: "M6 12h.01M12 12h.01M18 12h.01",
	good: "M5 13l4 4L19 7",
	stale: "M12 7v5l3 3M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16z",
	silent: "M6 6l12 12M18 6 6 18",
	unknown: "M9 9a3 3 0 1 1 4 3c-1 .5-1 1-1 2M12 18h.01",
	search: "M11 5a6 6 0 1 1 0 12 6 6 0 0 1 0-12zM15.5 15.5 20 20",
};

export function Sign({ name, title }) {
	const label = title ? { role: "img", "aria-label": title } : { "aria-hidden": "true" };
	return html`<svg class="sign" viewBox="0 0 24 24" ...${label}><path d=${PATHS[name]} /></svg>`;
}
