/** Returns a token that lets a page act for one user. `browserKey` is the whole key, with the part after the dot. */
export declare function signUserToken(browserKey: string, userId: string, options?: { expiresIn?: number }): string;

export interface WebhookMessage {
  type: string;
  timestamp: string;
  data: Record<string, unknown>;
}

/** Returns what a webhook tells, if it is the server's and fresh; throws where it is not. `body` is the body as it came. */
export declare function verifyWebhook(
  secret: string,
  headers: Record<string, string>,
  body: string | Uint8Array,
  options?: { tolerance?: number },
): WebhookMessage;
