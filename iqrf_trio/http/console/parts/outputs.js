// Outputs as switches and the light as a slider, as they were last set or read.
import { Age, call, html, T, useAnswer, useLimits, useState } from "./page.js";

const EVERY_S = 10; // others switch, too; asking does not use the radio
const VOLTS_PER_PERCENT = 0.1; // of an analogue light, whose full brightness is 10 V

export function Outputs({ device }) {
	const { address } = device;
	const [problem, setProblem] = useState("");
	const [busy, setBusy] = useState(false);
	const limit = useLimits()("control");
	const { answer, again } = useAnswer(address, () => call("iqrfTrio_GetStates", { nAdr: address }), EVERY_S);
	const send = async (mType, param) => {
		setBusy(true);
		await call(mType, { nAdr: address, param }).then(() => setProblem(""), (error) => setProblem(error.message));
		again();
		setBusy(false);
	};
	if (!answer) return null;
	const [states] = answer.data.rsp.nodes;
	const disabled = busy || Boolean(limit.why);
	const light = states.light;
	return html`<h2>${T.outputs}</h2><ul class="outputs" title=${limit.why}>
		${states.outputs.map(({ index, state }) => html`<li key=${index}><button role="switch" aria-checked=${state === null ? "mixed" : state} disabled=${disabled}
			onClick=${() => send("iqrfBinaryoutput_SetOutput", { binOuts: [{ index, state: !state }] })}>${T.output(index)}: ${T.isOn(state)}</button></li>`)}
		${device.light && html`<li><label>${T.light(light)} <input type="range" max="100" value=${light?.brightness ?? 0} disabled=${disabled}
			onChange=${(event) => send("iqrfLight_SetLai", { voltage: event.target.value * VOLTS_PER_PERCENT })} /></label></li>`}
	</ul>
	<p role="status">${problem || html`<${Age} at=${states.at} />`}</p>`;
}
