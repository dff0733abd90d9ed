/** Parameters of lists; docs/API.md says which list takes which. */
export interface ListOptions {
  limit?: number;
  offset?: number;
  categories?: string[];
  tags?: string[];
  item_type?: string;
  /** An expression, such as `category == "Poetry" and price < 20`. */
  filter?: string;
  exclude?: string[];
  placement?: string;
  algorithm?: string;
  release?: number;
  min_score?: number;
  max_per_category?: number;
  diversity?: number;
  collaborative_weight?: number;
  content_weight?: number;
  window_days?: number;
  method?: "hybrid" | "collaborative" | "content";
  min_support?: number;
  explain?: boolean;
  fields?: string[];
}

export interface ListedItem {
  item_id: string;
  title: string;
  rank: number;
  score?: number;
  predicted_rating?: number | null;
  source?: string;
  reason?: string | null;
  fields?: Record<string, unknown>;
  [more: string]: unknown;
}

/** Send its `recommendation_id` back in the `context` of events that it led to. */
export interface RecommendationList {
  recommendation_id: string;
  items: ListedItem[];
  placement: string;
  placement_revision: number | null;
  total_available: number;
  user_id?: string;
  item_id?: string;
  algorithm?: string;
  cold_start?: boolean;
  [more: string]: unknown;
}

export interface RecsiteEvent {
  user_id: string;
  type: string;
  item_id?: string | null;
  value?: number | null;
  occurred_at?: string | number | null;
  event_id?: string;
  context?: Record<string, unknown>;
  review?: { title?: string; text: string };
}

export interface EventResult {
  status: "accepted" | "duplicate" | "refused" | "erased" | "opted_out";
  event_id?: string;
  errors?: Record<string, string>;
}

export interface Item {
  item_id: string;
  title: string;
  description?: string;
  categories?: string[];
  tags?: string[];
  features?: Record<string, unknown>;
  item_type?: string;
  is_available?: boolean;
  [more: string]: unknown;
}

export interface Retries {
  /** In all; 1 stands for no retries. */
  attempts?: number;
  /** Seconds before the second attempt; doubled for each one after it. */
  firstWait?: number;
  /** Where the server wants more patience than these seconds the error is thrown at once. */
  longestWait?: number;
}

export interface RecsiteOptions {
  /** The address of the server, such as https://recsite.example */
  url: string;
  /** An API key; in a page, the part of a browser key before the dot. */
  key?: string | null;
  /** The token of the user, or a function that fetches one from your server: asked again when it has expired. */
  userToken?: string | (() => string | Promise<string>) | null;
  headers?: Record<string, string>;
  retries?: Retries;
  /** Seconds for one attempt. */
  timeout?: number;
  fetch?: typeof globalThis.fetch;
}

export interface RequestOptions {
  query?: Record<string, unknown>;
  body?: unknown;
  /** Gives it an Idempotency-Key, the same for all attempts. */
  once?: boolean;
  idempotencyKey?: string;
  keepalive?: boolean;
  attempts?: number;
}

export declare class Recsite {
  readonly url: string;
  constructor(options: RecsiteOptions);
  recommendForUser(userId: string, options?: ListOptions): Promise<RecommendationList>;
  recommendForMany(userIds: Iterable<string>, options?: ListOptions): Promise<{ results: RecommendationList[] }>;
  recommendForSession(items: Iterable<string>, options?: ListOptions): Promise<RecommendationList>;
  listSimilar(itemId: string, options?: ListOptions): Promise<RecommendationList>;
  listBoughtTogether(itemId: string, options?: ListOptions): Promise<RecommendationList>;
  listPopular(options?: ListOptions): Promise<RecommendationList>;
  listLatest(options?: ListOptions): Promise<RecommendationList>;
  listTrending(options?: ListOptions): Promise<RecommendationList>;
  sendEvent(event: RecsiteEvent): Promise<EventResult>;
  sendEvents(events: Iterable<RecsiteEvent>): Promise<{ accepted: number; refused: number; results: EventResult[] }>;
  searchItems(q: string, options?: Record<string, unknown>): Promise<{ items: Item[]; total: number; [more: string]: unknown }>;
  readItem(itemId: string): Promise<Item>;
  putItem(itemId: string, fields: Partial<Item>): Promise<Item>;
  items(filters?: Record<string, unknown>): AsyncGenerator<Item>;
  userHistory(userId: string, filters?: Record<string, unknown>): AsyncGenerator<RecsiteEvent>;
  /** Iterates over all rows of a list that comes in pages; `name` is the field that holds them. */
  pages<T = unknown>(path: string, name: string, query?: Record<string, unknown>): AsyncGenerator<T>;
  /** Sends a request to any route below /api/v1/. Throws RecsiteError. */
  request<T = unknown>(method: string, path: string, options?: RequestOptions): Promise<T>;
}

export declare class RecsiteError extends Error {
  /** The HTTP status; null where there was no answer. */
  readonly status: number | null;
  readonly code: string;
  readonly details: Record<string, string>;
  readonly requestId: string | null;
  /** Seconds after which the server wants to be asked again. */
  readonly retryAfter: number | null;
}

export declare class NoAnswer extends RecsiteError {}

export interface Undelivered {
  event: RecsiteEvent;
  reason: string;
  error: RecsiteError | null;
}

export interface EventsOptions {
  batchSize?: number;
  /** Seconds. */
  interval?: number;
  capacity?: number;
  onFailure?: ((lost: Undelivered) => void) | null;
}

export declare class Events {
  readonly counts: Record<string, number>;
  readonly left: number;
  constructor(client: Recsite, options?: EventsOptions);
  /** Takes an event in; false where the buffer is full. */
  add(event: RecsiteEvent): boolean;
  /** Sends what waits; true where all of it was settled. */
  flush(): Promise<boolean>;
  close(): Promise<void>;
}

export interface ImpressionsOptions {
  userId: string;
  type?: string;
  threshold?: number;
  seconds?: number;
}

export declare class Impressions {
  constructor(events: Events, options: ImpressionsOptions);
  observe(
    element: Element,
    shown: { itemId: string; recommendationId?: string; position?: number; context?: Record<string, unknown> },
  ): void;
  observeList(elements: Iterable<Element>, list: RecommendationList): void;
  unobserve(element: Element): void;
  disconnect(): void;
}
