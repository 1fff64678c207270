// The view is named by the address behind the hash: #/node/81026ed2 is the page "node" with one part.
import { useEffect, useState } from "../vendor/htm-preact.js";

export function place() {
	const [page = "", ...rest] = location.hash.replace(/^#\/?/, "").split("/");
	return { page: page || "overview", rest: rest.map(decoded) };
}

function decoded(part) {
	try {
		return decodeURIComponent(part);
	} catch {
		return part;
	}
}

export const address = (...parts) => `#/${parts.map(encodeURIComponent).join("/")}`;

export const go = (...parts) => {
	location.hash = address(...parts);
};

export function usePlace() {
	const [here, set] = useState(place());
	useEffect(() => {
		const changed = () => set(place());
		addEventListener("hashchange", changed);
		return () => removeEventListener("hashchange", changed);
	}, []);
	return here;
}
