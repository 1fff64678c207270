// The drawing of the map: pan, pinch, zoom, and a walk by the arrow keys.
import { html, nameOf, nodesOf, pathOf, T, useMemo, useRef, useState, useWide } from "./page.js";

const LABELLED = 60; // nodes up to which all labels are shown without zoom
const FEW = 20; // nodes that leave room for bigger dots
const CLOSEST = 160; // width of the smallest part that is shown
const RADIUS = 11;
const STANDS_OUT = 1.3; // how much bigger silent nodes are; neighbours still have room
const READABLE = 360; // width of the shown part at which dots have their own size, on a phone

// `control.current.show(address)` brings a node into the middle. `mark(device)` is a state.
export function MapView({ control, devices, plan, mark, chosen, found, onOpen }) {
	const whole = { x: -plan.size, y: -plan.size, w: 2 * plan.size };
	const [box, setBox] = useState(null); // null: all of it
	const [focus, setFocus] = useState(0);
	const svg = useRef();
	const wide = useWide(700);
	const view = box ?? whole;
	const byAddress = useMemo(() => new Map(plan.places.map((place) => [place.device.address, place])), [plan]);
	const byNow = new Map(devices.map((device) => [device.address, device]));
	const path = new Set(chosen ? pathOf(devices, chosen).map((device) => device.address) : []);
	const zoom = (factor, x = view.x + view.w / 2, y = view.y + view.w / 2) => {
		const w = Math.min(whole.w * 1.2, Math.max(CLOSEST, view.w * factor));
		const f = w / view.w;
		setBox({ x: x - (x - view.x) * f, y: y - (y - view.y) * f, w });
	};
	const gestures = useGestures(svg, view, setBox, zoom);
	control.current = {
		show(address) {
			const place = byAddress.get(address);
			const w = Math.min(view.w, Math.max(CLOSEST, 500));
			if (place && nodesOf(devices).length > LABELLED) setBox({ x: place.x - w / 2, y: place.y - w / 2, w });
		},
	};
	const walk = (event) => {
		const next = neighbour(plan.places, byAddress.get(focus), event.key);
		if (next) {
			event.preventDefault();
			setFocus(next.device.address);
			svg.current.querySelector(`[data-address="${next.device.address}"]`)?.focus();
		} else if (event.key === "Enter" || event.key === " ") {
			event.preventDefault();
			onOpen(byNow.get(focus));
		}
	};
	// A small mesh has bigger dots on a small screen; of a large one they would hide each other.
	const count = nodesOf(devices).length;
	const scale = count <= LABELLED ? Math.min(wide ? 1.2 : count > FEW ? 1.1 : 1.9, Math.max(0.6, view.w / (wide ? 2 * READABLE : READABLE))) : 1;
	const labels = count <= LABELLED || view.w < whole.w * 0.6;
	return html`<div class="map">
		<svg ref=${svg} viewBox="${view.x} ${view.y} ${view.w} ${view.w}" role="group" aria-label=${T.mapOf(count)} ...${gestures} onKeyDown=${walk}>
			${plan.rings.map((radius) => html`<circle key=${radius} class="ring" r=${radius} />`)}
			${plan.outer && html`<circle class="ring lost" r=${plan.outer} /><text class="ring-label" y=${-plan.outer - 20}>${T.notDiscovered}</text>`}
			${plan.places.map(({ device, x, y, parent }) => parent && html`<path key=${device.address}
				class="link ${path.has(device.address) && path.has(parent.device.address) ? "bold" : ""}" d="M${parent.x} ${parent.y}L${x} ${y}" />`)}
			${plan.places.map(({ device: { address }, x, y }) => html`<${Dot} key=${address} x=${x} y=${y} device=${byNow.get(address)} mark=${mark(byNow.get(address))}
				labels=${labels} scale=${mark(byNow.get(address)) === "silent" ? scale * STANDS_OUT : scale} chosen=${chosen?.address === address} faint=${found && !found.has(address)} reachable=${focus === address}
				onOpen=${onOpen} onFocus=${() => setFocus(address)} />`)}
		</svg>
		<div class="zoom">
			${[["+", () => zoom(0.7)], ["−", () => zoom(1.4)], ["⤢", () => setBox(null)]].map(([sign, onClick], index) =>
				html`<button key=${sign} aria-label=${T.zoom[index]} title=${T.zoom[index]} onClick=${onClick}>${sign}</button>`)}
		</div>
	</div>`;
}

function Dot({ device, x, y, mark, scale, labels, chosen, faint, reachable, onOpen, onFocus }) {
	const classes = ["dot", mark, chosen && "chosen", faint && "faint"].filter(Boolean).join(" ");
	const label = `${nameOf(device)}, ${device.address}, ${T.states[mark]}`;
	return html`<g class=${classes} transform="translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${scale.toFixed(2)})" role="button" aria-label=${label} data-address=${device.address}
		tabindex=${reachable ? 0 : -1} onClick=${() => onOpen(device)} onFocus=${onFocus}>
		<title>${label}</title>
		${device.address === 0 ? html`<rect x="-14" y="-14" width="28" height="28" rx="6" />` : html`<circle r=${RADIUS} />`}
		${mark === "silent" && html`<path class="cross" d="M-4 -4 4 4M4 -4-4 4" />`}
		${labels && html`<text class=${device.address > 99 ? "long" : ""} y=${mark === "silent" ? 22 : 4}>${device.address === 0 ? "C" : device.address}</text>`}
	</g>`;
}

// Where an arrow key leads: up to the parent, down to the first child, sideways to siblings.
function neighbour(places, here, key) {
	if (!here) return null;
	const siblings = places.filter((place) => place.parent === here.parent && place.device.address !== 0);
	const at = siblings.indexOf(here);
	switch (key) {
		case "ArrowUp": return here.parent ?? (here.lost ? places[0] : null);
		case "ArrowDown": return places.find((place) => place.parent === here);
		case "ArrowLeft": return siblings.at(at - 1);
		case "ArrowRight": return siblings[(at + 1) % siblings.length];
		default: return null;
	}
}

// Pan by dragging, zoom by wheel and by two fingers.
function useGestures(svg, view, setBox, zoom) {
	const touches = useRef(new Map());
	const moved = useRef(0);
	const scale = () => view.w / Math.min(svg.current.clientWidth, svg.current.clientHeight);
	const where = (event) => {
		const point = new DOMPoint(event.clientX, event.clientY);
		return point.matrixTransform(svg.current.getScreenCTM().inverse());
	};
	const lift = (event) => touches.current.delete(event.pointerId);
	return {
		onWheel: (event) => {
			event.preventDefault();
			const { x, y } = where(event);
			zoom(event.deltaY > 0 ? 1.15 : 0.87, x, y);
		},
		onPointerDown: (event) => {
			touches.current.set(event.pointerId, [event.clientX, event.clientY]);
			moved.current = 0;
		},
		onPointerMove: (event) => {
			const before = touches.current.get(event.pointerId);
			if (!before) return;
			const others = [...touches.current].filter(([id]) => id !== event.pointerId);
			const [dx, dy] = [event.clientX - before[0], event.clientY - before[1]];
			touches.current.set(event.pointerId, [event.clientX, event.clientY]);
			moved.current += Math.hypot(dx, dy);
			if (others.length) {
				const [[, other]] = others;
				const far = ([x, y]) => Math.max(1, Math.hypot(x - other[0], y - other[1]));
				zoom(far(before) / far([event.clientX, event.clientY]));
			} else if (moved.current > 4) {
				setBox({ ...view, x: view.x - dx * scale(), y: view.y - dy * scale() });
			}
		},
		onPointerUp: lift,
		onPointerLeave: lift,
		onPointerCancel: lift,
		// A drag that ends on a node does not open it.
		onClickCapture: (event) => moved.current > 6 && event.stopPropagation(),
	};
}
