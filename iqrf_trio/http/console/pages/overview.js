// Is everything fine? If not, which node, since when?
import { address, html, keyOf, loadHealth, Loading, markOf, moment, nameOf, nodesOf, State, stateOf, summary, T, useEffect, useNow, useStore, wordsOf } from "../parts/page.js";

const HEALTH_MS = 300000;
const WEAK_DBM = -95;
const LOW_VOLTS = 2.7;
const MAX_ATTENTION = 12;

export function Overview() {
	const { devices, health, monitor, readAt, events } = useStore();
	const now = useNow();
	// Health is asked for while it is looked at only.
	useEffect(() => {
		if (!monitor) return;
		loadHealth();
		const timer = setInterval(() => document.hidden || loadHealth(), HEALTH_MS);
		return () => clearInterval(timer);
	}, [monitor?.dpaChannelState]);
	if (!devices) return html`<${Loading} lines=${6} />`;
	const { state, text } = summary(devices, now, readAt);
	const empty = !nodesOf(devices).length;
	return html`<h1 class="headline"><${State} state=${state} text=${text} /></h1>
		${empty && html`<p>${T.noNodesHelp} <a href="#/network">${T.learn}</a></p>`}
		<ul class="cards"><${Cards} health=${health} monitor=${monitor} now=${now} /></ul>
		<div class="two">
			<section><h2>${T.attention}</h2><${Attention} devices=${devices} now=${now} /></section>
			<section><h2>${T.happened}</h2>
				${events.length ? html`<ul class="events">${events.map((event) => html`<li key=${event.at + event.text}>
					<time>${moment(event.at, now)}</time> <${State} state=${event.level === "bad" ? "silent" : "good"} text=${event.text} /></li>`)}</ul>`
				: html`<p class="soft">${T.happenedNone}</p>`}
			</section>
		</div>`;
}

const WHERE = { reading: "readings", radio: "network", queue: "system/queue" };

function Cards({ health, monitor, now }) {
	const order = ["reading", "radio", "mqtt", "store", "history", "clock"];
	const checks = order.filter((name) => health?.checks[name]).map((name) => [name, health.checks[name]]);
	const cards = checks.map(([name, check]) => [name, markOf(check.status), name === "reading" && check.last && !check.reason ? `${moment(Date.parse(check.last), now)}, ${T.checkGood.reading}` : wordsOf(name, check)]);
	if (monitor) cards.splice(2, 0, ["queue", "good", T.waiting(monitor.networkQueueLen)]);
	return cards.map(([name, state, text]) => html`<li key=${name} class="card"><a href="#/${WHERE[name] ?? "system/doctor"}">
		<h2>${T.checks[name] ?? name}</h2><${State} state=${state} text=${text} /></a></li>`);
}

// Silent nodes first, then weak ones: each with its reason.
function Attention({ devices, now }) {
	const found = nodesOf(devices).map((device) => [device, reason(device, now)]).filter(([, why]) => why);
	found.sort(([a], [b]) => (stateOf(b) === "silent") - (stateOf(a) === "silent") || a.address - b.address);
	if (!found.length) return html`<p class="soft">${T.nothing}</p>`;
	return html`<ul class="events">${found.slice(0, MAX_ATTENTION).map(
		([device, why]) => html`<li key=${device.address}><a href=${address("node", keyOf(device))}>${nameOf(device)}</a>
			<${State} state=${stateOf(device) === "silent" ? "silent" : "stale"} text=${why} /></li>`,
	)}</ul>${found.length > MAX_ATTENTION && html`<p><a href="#/nodes">${T.found(found.length)}</a></p>`}`;
}

function reason(device, now) {
	if (stateOf(device) === "silent")
		return T.silentSince(device.heardAt && moment(Date.parse(device.heardAt), now));
	if (device.supply !== null && device.supply < LOW_VOLTS) return T.lowSupply(device.supply);
	if (device.rssi !== null && device.rssi < WEAK_DBM) return T.weak(device.rssi);
	return "";
}
