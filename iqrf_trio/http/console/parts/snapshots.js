// Copies of the whole network, and where they are kept.
import { html } from "../vendor/htm-preact.js";
import { T } from "../texts.js";
import { ask } from "./http.js";
import { useLimits } from "./limits.js";
import { Action, Loading, State, useAsked } from "./widgets.js";

export function Snapshots() {
	const limits = useLimits();
	const { answer, error, again } = useAsked("api/v1/snapshots");
	const make = async () => {
		const { kept } = await ask("api/v1/snapshots", { method: "POST" });
		again();
		return kept.length ? T.snapshotKept(kept) : T.snapshotSame;
	};
	return html`<section class="work" aria-label=${T.snapshots}><h2>${T.snapshots}</h2><p class="soft">${T.snapshotsHelp}</p>
		<${Action} kind="main" label=${T.makeSnapshot} ...${limits("manage")} run=${make} />
		${error && html`<p role="alert">${error.message}</p>`}
		${answer ? answer.map(({ place, snapshots, error: problem }) => html`<h3>${place}</h3>
			${problem && html`<p><${State} state="silent" text=${problem} /></p>`}
			${snapshots.length ? html`<ul class="events">${snapshots.map((name) => html`<li key=${name}>${name}</li>`)}</ul>` : html`<p class="soft">${T.noneYet}</p>`}`) : !error && html`<${Loading} />`}
		${answer?.length === 0 && html`<p class="soft">${T.noPlaces}</p>`}
		<p class="soft">${T.restoreBy} <code>${T.restoreCommand}</code></p>
	</section>`;
}
