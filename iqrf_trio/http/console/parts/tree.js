// Where the nodes of a mesh stand: the coordinator in the middle, a ring per zone, each branch with
// the angle that its nodes need, so that nothing overlaps. Pure, and the same each time.

const ROOM = 26; // of a node on its ring
const WIDE = 100; // between two rings of a small mesh
const NARROW = 56; // and of one with more nodes than SMALL
const SMALL = 60;

// `devices` as api/v1/network tells them. Gives {places: [{device, x, y, parent, lost}], rings, size,
// outer}: `parent` is the place of the parent or null, `rings` the radii, `size` half of the width,
// `outer` the radius of the ring of nodes without a way to the coordinator, null without any.
export function layOut(devices) {
	const root = devices.find((device) => device.address === 0);
	if (!root) return { places: [], rings: [], size: WIDE, outer: null };
	const { children, lost } = branches(devices);
	const gap = devices.length > SMALL ? NARROW : WIDE;
	const { radius, need } = innermost(root, children, gap);
	const places = [];
	let depths = 0;
	const put = (device, from, to, depth, parent) => {
		depths = Math.max(depths, depth);
		const place = { device, parent, lost: false, ...polar(radius(depth), (from + to) / 2) };
		places.push(place);
		const below = children.get(device.address) ?? [];
		const all = below.reduce((sum, child) => sum + need.get(child), 0);
		let angle = from;
		for (const child of below) {
			const share = ((to - from) * need.get(child)) / all;
			put(child, angle, angle + share, depth + 1, place);
			angle += share;
		}
	};
	put(root, 0, 2 * Math.PI, 0, null);
	const outer = lost.length ? Math.max(radius(depths + 1), (lost.length * ROOM) / (2 * Math.PI)) : null;
	lost.forEach((device, index) => {
		const angle = (2 * Math.PI * (index + 0.5)) / lost.length;
		places.push({ device, parent: null, lost: true, ...polar(outer, angle) });
	});
	const rings = Array.from({ length: depths }, (_, index) => radius(index + 1));
	return { places, rings, size: (outer ?? radius(depths)) + 40, outer };
}

// The innermost ring as small as it may be: then all nodes have room side by side. Gives the radius
// by the depth, and the angle that each device needs for itself and for what is below it.
function innermost(root, children, gap) {
	for (let first = gap; ; first += 10) {
		const radius = (depth) => (depth ? first + (depth - 1) * gap : 0);
		const need = new Map();
		const measure = (device, depth) => {
			const below = (children.get(device.address) ?? []).reduce((sum, child) => sum + measure(child, depth + 1), 0);
			const angle = depth ? Math.max(ROOM / radius(depth), below) : below;
			need.set(device, angle);
			return angle;
		};
		if (measure(root, 0) <= 2 * Math.PI) return { radius, need };
	}
}

// Children by the address of their parent; those without a way to the coordinator are lost.
function branches(devices) {
	const nodes = devices.filter((device) => device.address !== 0);
	const children = Map.groupBy(nodes.filter((node) => node.discovered), (node) => node.parent);
	const reached = new Set();
	const walk = (address) => {
		for (const child of children.get(address) ?? []) {
			if (reached.has(child)) continue;
			reached.add(child);
			walk(child.address);
		}
	};
	walk(0);
	return { children, lost: nodes.filter((node) => !reached.has(node)) };
}

const polar = (radius, angle) => ({
	x: radius * Math.sin(angle),
	y: -radius * Math.cos(angle),
});
