// Outputs as switches and the light as a slider, as they were last set or read.
import { html, useEffect, useState } from "../vendor/htm-preact.js";
import { T } from "../texts.js";
import { useLimits } from "./limits.js";
import { call } from "./live.js";
import { Age } from "./widgets.js";

const EVERY_MS = 10000; // others switch, too; asking does not use the radio
const VOLTS_PER_PERCENT = 0.1; // of an analogue light, whose full brightness is 10 V

export function Outputs({ device }) {
	const { address } = device;
	const [states, setStates] = useState(null);
	const [problem, setProblem] = useState("");
	const [busy, setBusy] = useState(false);
	const limit = useLimits()("control");
	const load = () => call("iqrfTrio_GetStates", { nAdr: address }).then(({ data }) => setStates(data.rsp.nodes[0]), () => {});
	useEffect(() => {
		load();
		const timer = setInterval(() => document.hidden || load(), EVERY_MS);
		return () => clearInterval(timer);
	}, []);
	const send = async (mType, param) => {
		setBusy(true);
		await call(mType, { nAdr: address, param }).then(() => setProblem(""), (error) => setProblem(error.message));
		await load();
		setBusy(false);
	};
	if (!states) return null;
	const disabled = busy || limit.disabled;
	const light = states.light;
	return html`<h2>${T.outputs}</h2><ul class="outputs" title=${limit.why}>
		${states.outputs.map(({ index, state }) => html`<li key=${index}><button role="switch" aria-checked=${state === null ? "mixed" : state} disabled=${disabled}
			onClick=${() => send("iqrfBinaryoutput_SetOutput", { binOuts: [{ index, state: !state }] })}>${T.output(index + 1)}: ${state === null ? T.unknown : state ? T.on : T.off}</button></li>`)}
		${device.light && html`<li><label>${T.light(light)} <input type="range" max="100" value=${light?.brightness ?? 0} disabled=${disabled}
			onChange=${(event) => send("iqrfLight_SetLai", { voltage: event.target.value * VOLTS_PER_PERCENT })} /></label></li>`}
	</ul>
	<p role="status">${problem || html`<${Age} at=${states.at} />`}</p>`;
}
