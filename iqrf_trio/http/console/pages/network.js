// What can be done with the whole network, in groups; each long work is a panel of its own.
import { Action, ask, html, Loading, State, T, Tabs, useAsked, useLimits } from "../parts/page.js";
import { Work } from "../parts/work.js";

// Of an answer with a list of {address, result}.
const told = (member) => ({ rsp }) => {
	const results = rsp?.[member] ?? [];
	return T.answered(results.filter((each) => !each.result).map((each) => each.address), results.length);
};

const bonded = ({ rsp }) => T.bonded(rsp.assignedAddr, rsp.nodesNr);

const mesh = (name, options) => ({ mType: `iqmeshNetwork_${name}`, ...options });

const GROUPS = {
	add: [
		mesh("BondNodeLocal", { members: ["deviceAddr"], given: { deviceAddr: 0 }, tell: bonded }),
		mesh("SmartConnect", { members: ["smartConnectCode", "deviceAddr"], given: { deviceAddr: 0 }, tell: bonded }),
		mesh("AutoNetwork", { members: ["stopConditions", "unbondUnrespondingNodes"], given: { stopConditions: { emptyWaves: 2 } } }),
		{ mType: "iqrfTrio_CommissionNetwork", members: ["nodes", "resume"] },
	],
	check: [
		{ mType: "iqrfDb_Enumerate", members: ["reenumerate"], given: { standards: true }, cancels: false, tell: ({ rsp }) => rsp.stepStr },
		mesh("Ping", { given: { hwpId: 0xffff }, tell: told("pingResult") }),
		{ mType: "iqrfTrio_HealthReport", members: ["rounds"] },
	],
	mend: [
		mesh("MaintenanceInconsistentMIDsInCoord"),
		mesh("MaintenanceDuplicatedAddresses"),
		mesh("MaintenanceUselessPrebondedNodes"),
		{ mType: "iqrfTrio_UndoBonds", typed: T.all },
		mesh("Restart", { given: { hwpId: 0xffff }, typed: T.all, tell: told("restartResult") }),
		mesh("RemoveBond", { title: T.removeAll, help: T.removeAllHelp, given: { deviceAddr: 255, wholeNetwork: true }, typed: T.all }),
	],
	backup: [],
};

export function Network({ rest }) {
	const group = rest[0] in GROUPS ? rest[0] : "check";
	return html`<h1>${T.network}</h1>
		<${Tabs} base="network" texts=${T.groups} shown=${group} />
		${GROUPS[group].map((work) => html`<${Work} key=${work.mType} ...${work} />`)}
		${group === "backup" && html`<${Snapshots} />`}`;
}

// Copies of the whole network, and where they are kept.
function Snapshots() {
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
