// Copies of the whole network, and where they are kept.
import { Action, ask, html, Loading, State, T, useAsked, useLimits } from "./page.js";

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
		${answer ? answer.map(({ place, snapshots, error: problem }) => html`<h3>${place}</h3>
			${problem && html`<p><${State} state="silent" text=${problem} /></p>`}<p>${snapshots.map((name) => html`${name}<br />`)}</p>`)
		: html`<${Loading} error=${error} />`}
		${answer?.length === 0 && html`<p class="soft">${T.noPlaces}</p>`}
		<p class="soft">${T.restoreBy} <code>${T.restoreCommand}</code></p>
	</section>`;
}
