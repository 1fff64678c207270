// All pages: a page is one module. `name` is the first part of its address, `sign` puts it on the
// rail, `within` marks another page on the rail while this one is shown. A component gets the other
// parts of the address as `rest`.
import { Node } from "../parts/details.js";
import { T } from "../texts.js";
import { MapPage } from "./map.js";
import { Messages } from "./messages.js";
import { More } from "./more.js";
import { Network } from "./network.js";
import { Nodes } from "./nodes.js";
import { Overview } from "./overview.js";
import { Readings } from "./readings.js";
import { Sensors } from "./sensors.js";
import { System } from "./system.js";
import { Tasks } from "./tasks.js";

const RAIL = { overview: Overview, map: MapPage, nodes: Nodes, sensors: Sensors, network: Network, readings: Readings, tasks: Tasks, messages: Messages, system: System };

export const PAGES = [
	...Object.entries(RAIL).map(([name, component]) => ({ name, title: T[name], sign: name, component })),
	{ name: "node", title: T.nodes, within: "nodes", component: Node },
];

// On small screens only: what has no room in the bar.
export const MORE = { name: "more", title: T.more, component: More };
