// What can be done with the whole network, in groups; each long work is a panel of its own.
import { html, T, Tabs } from "../parts/page.js";
import { Snapshots } from "../parts/snapshots.js";
import { Work } from "../parts/work.js";

// Of an answer with a list of {address, result}.
const told = (member) => ({ rsp }) => {
	const results = rsp?.[member] ?? [];
	return T.answered(results.filter((each) => !each.result).map((each) => each.address), results.length);
};

const bonded = ({ rsp }) => T.bonded(rsp.assignedAddr, rsp.nodesNr);

const GROUPS = {
	add: [
		{ mType: "iqmeshNetwork_BondNodeLocal", members: ["deviceAddr"], given: { deviceAddr: 0 }, tell: bonded },
		{ mType: "iqmeshNetwork_SmartConnect", members: ["smartConnectCode", "deviceAddr"], given: { deviceAddr: 0 }, tell: bonded },
	],
	check: [
		{ mType: "iqrfDb_Enumerate", members: ["reenumerate"], given: { standards: true }, cancels: false, tell: ({ rsp }) => rsp.stepStr },
		{ mType: "iqmeshNetwork_Ping", given: { hwpId: 0xffff }, tell: told("pingResult") },
		{ mType: "iqrfTrio_HealthReport", members: ["rounds"] },
		{ mType: "iqmeshNetwork_MaintenanceTestRF", members: ["deviceAddr", "rfChannel", "rxFilter", "measurementTime"], given: { deviceAddr: 0, rfChannel: 52, rxFilter: 0, measurementTime: 5160 } },
		{ mType: "iqmeshNetwork_MaintenanceFrcResponseTime", members: ["command"], given: { command: 224 } },
	],
	mend: [
		{ mType: "iqmeshNetwork_MaintenanceInconsistentMIDsInCoord" },
		{ mType: "iqmeshNetwork_MaintenanceDuplicatedAddresses" },
		{ mType: "iqmeshNetwork_MaintenanceUselessPrebondedNodes" },
		{ mType: "iqmeshNetwork_Restart", given: { hwpId: 0xffff }, typed: T.all, tell: told("restartResult") },
		{ mType: "iqmeshNetwork_RemoveBond", title: T.removeAll, help: T.removeAllHelp, given: { deviceAddr: 255, wholeNetwork: true }, typed: T.all },
	],
	backup: [],
};

export function Network({ rest }) {
	const group = rest[0] in GROUPS ? rest[0] : "check";
	return html`<h1>${T.network}</h1>
		<${Tabs} base="network" texts=${T.groups} shown=${group} />
		${GROUPS[group].map((work) => html`<${Work} key=${work.mType} title=${T.works[work.mType.split("_")[1]]} help=${T.worksHelp[work.mType.split("_")[1]]} ...${work} />`)}
		${group === "backup" && html`<${Snapshots} />`}`;
}
