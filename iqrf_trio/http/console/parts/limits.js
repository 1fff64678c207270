// What keeps whoever uses the page from something: the rights of the token, or the lost connection.
import { T } from "../texts.js";
import { useStore } from "./store.js";

const SCOPES = ["read", "control", "manage"];

// Gives limits(scope, service): {why} for a button whose request takes that; empty for nothing.
export function useLimits() {
	const { rights, connected } = useStore();
	return (scope = "read", service = false) => {
		const low = rights && SCOPES.indexOf(rights.scope) < SCOPES.indexOf(scope);
		const refused = low ? T.notAllowed(scope) : service && rights && !rights.service ? T.needsService : "";
		return { why: refused || (connected ? "" : T.noConnection) };
	};
}
