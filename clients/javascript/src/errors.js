const SPLIT = "Send fewer rows at once; Events split their batches by themselves.";

/** What the server said: `status`, `code`, `details` by field, and the `requestId` for its operators. */
export class RecsiteError extends Error {
  constructor(message, { status = null, code = "", details = {}, requestId = null, retryAfter = null } = {}) {
    super(message);
    this.name = this.constructor.name;
    Object.assign(this, { status, code, details, requestId, retryAfter });
  }
}

/** The server can't be reached, or the connection broke before an answer came. */
export class NoAnswer extends RecsiteError {}

/** Returns the error that a response tells of; a proxy's HTML is understood by its status alone. */
export async function errorOf(response) {
  const told = await response.json().catch(() => null);
  const { message, code, details } = told?.error ?? {};
  const said = message ?? `The server answered ${response.status} ${response.statusText}`.trim();
  return new RecsiteError(response.status === 413 ? `${said} ${SPLIT}` : said, {
    status: response.status,
    code: code ?? "",
    details: details ?? {},
    requestId: told?.request_id ?? response.headers.get("x-request-id"),
    retryAfter: seconds(response.headers.get("retry-after")),
  });
}

function seconds(text) {
  if (!text) return null;
  const wait = /^\d+(\.\d+)?$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return Number.isFinite(wait) ? Math.max(wait, 0) : null;
}
