// What the bar of a small screen has no room for, and the state of the gateway with the way out.
import { html, State, T, useStore } from "../parts/page.js";
import { end } from "../parts/session.js";
import { Sign } from "../parts/signs.js";

export function More({ pages }) {
	const rest = pages.filter((each) => each.sign).slice(4);
	return html`<h1>${T.more}</h1>
		<ul class="menu">
			${rest.map((each) => html`<li key=${each.name}><a href="#/${each.name}"><${Sign} name=${each.sign} />${each.title}</a></li>`)}
		</ul>
		<${Foot} />`;
}

export function Foot() {
	const { monitor, connected } = useStore();
	const ready = monitor?.dpaChannelState === "Ready";
	return html`<div class="gateway">
		${connected && monitor && html`<${State} state=${ready ? "good" : "silent"} text=${ready ? T.radioReady : T.radioAway} />`}
		${connected && monitor && html`<small>${T.queue(monitor.networkQueueLen, monitor.dataReadingInProgress, monitor.enumInProgress)}</small>`}
		<button class="quiet" onClick=${() => end()}>${T.signOut}</button>
	</div>`;
}
