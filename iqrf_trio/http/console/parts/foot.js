// The state of the gateway in two lines, and the way out.
import { html } from "../vendor/htm-preact.js";
import { T } from "../texts.js";
import { end } from "./session.js";
import { useStore } from "./store.js";
import { State } from "./widgets.js";

export function Foot() {
	const { monitor, connected } = useStore();
	const ready = monitor?.dpaChannelState === "Ready";
	return html`<div class="gateway">
		${connected && monitor && html`<${State} state=${ready ? "good" : "silent"} text=${ready ? T.radioReady : T.radioAway} />`}
		${connected && monitor && html`<small>${T.queue(monitor.networkQueueLen, monitor.dataReadingInProgress, monitor.enumInProgress)}</small>`}
		<button class="quiet" onClick=${() => end()}>${T.signOut}</button>
	</div>`;
}
