// What changes a device or takes it out of the network; none of it is done by one press.
import { go, html, nameOf, T, useStore } from "./page.js";
import { Work } from "./work.js";

export function Keeping({ device }) {
	const { works } = useStore();
	const deviceAddr = device.address;
	const typed = nameOf(device);
	const work = (name, options) => html`<${Work} key=${name} mType=${name} id="${name}/${deviceAddr}" given=${{ deviceAddr }} ...${options} />`;
	const known = works[`iqmeshNetwork_ReadTrConf/${deviceAddr}`]?.told;
	return html`<details class="keeping"><summary>${T.configuration}</summary>
			${work("iqmeshNetwork_ReadTrConf")}
			${known && work("iqmeshNetwork_WriteTrConf", { members: Object.keys(known).filter((name) => name !== "deviceAddr"), known, typed })}
		</details>
		${deviceAddr !== 0 && html`<details class="keeping"><summary>${T.takeOut}</summary>
			${work("iqrfTrio_ReplaceNode", { typed, members: ["smartConnectCode", "mid", "restoreConfig"], given: { address: deviceAddr }, tell: ({ rsp }) => go("node", rsp.newMid) })}
			${work("iqmeshNetwork_RemoveBond", { typed, help: T.removeHelp })}
			${work("iqmeshNetwork_RemoveBondOnlyInC", { typed, given: { deviceAddr: [deviceAddr] } })}
		</details>`}`;
}
