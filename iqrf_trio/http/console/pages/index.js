// All pages: a page is one module. `name` is the first part of its address, `sign` puts it on the
// rail, `within` marks another page on the rail while this one is shown. A component gets the other
// parts of the address as `rest`.
import { T } from "../texts.js";
import { MapPage } from "./map.js";
import { Messages } from "./messages.js";
import { More } from "./more.js";
import { Network } from "./network.js";
import { Node } from "./node.js";
import { Nodes } from "./nodes.js";
import { Overview } from "./overview.js";
import { Readings } from "./readings.js";
import { Sensors } from "./sensors.js";
import { System } from "./system.js";

export const PAGES = [
	{ name: "overview", title: T.overview, sign: "overview", component: Overview },
	{ name: "map", title: T.map, sign: "map", component: MapPage },
	{ name: "nodes", title: T.nodes, sign: "nodes", component: Nodes },
	{ name: "sensors", title: T.sensors, sign: "sensors", component: Sensors },
	{ name: "network", title: T.network, sign: "network", component: Network },
	{ name: "readings", title: T.readings, sign: "readings", component: Readings },
	{ name: "messages", title: T.messages, sign: "messages", component: Messages },
	{ name: "system", title: T.system, sign: "system", component: System },
	{ name: "node", title: T.nodes, within: "nodes", component: Node },
];

// On small screens only: what has no room in the bar.
export const MORE = { name: "more", title: T.more, component: More };
