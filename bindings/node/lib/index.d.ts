// SPDX-License-Identifier: Apache-2.0
// The types of what the package answers.
import type {
  ArrowColumn, ArrowOptions, CanaryOptions, CandidateFlag, ClusterOptions, CompareOptions, CompareReport, EngineOptions,
  IndexInfo, IndexOptions, JobOptions, JournalReport, LoadOptions, Member, Memory, MetricsFormat, ModelInfo,
  RollBackOptions, Rollout, RowFlag, SearchOptions, ShadowOptions, ShadowReport, Shift, Slot, Stage, Stats, Status,
  SwapOptions, SwapReceipt, UnusedField, WatchReport,
} from '../generated/types';

export * from '../generated/types';

declare global {
  // For `using`, where the compiler's own library does not declare them yet.
  interface SymbolConstructor {
    readonly dispose: unique symbol;
    readonly asyncDispose: unique symbol;
  }
}

/** Pairs of texts, or the two texts of each pair in two arrays. */
export type Pairs =
  | readonly (readonly [string, string])[]
  | {readonly a: readonly string[]; readonly b: readonly string[]};

/** How far a call is: its stage, and how much of that stage is done. */
export interface Progress {
  readonly stage: Stage;
  readonly done: number;
  readonly total: number;
}

export interface ScoreOptions {
  /** Also answer the probability of each label. */
  probabilities?: boolean;
  /** Also answer what the model said before softmax or sigmoid. */
  logits?: boolean;
  /** While a canary runs, calls with the same key meet the same model; 0: the same pairs do. */
  routeKey?: number | bigint;
  /** Cancels the call. */
  signal?: AbortSignal;
  /** Called now and then with how far the call is. */
  onProgress?: (progress: Progress) => void;
}

/** Arrays of one entry a pair. */
export interface Scores {
  /** 0 to 1; NaN for a row without a score. */
  readonly similarity: Float32Array;
  /** Index among the model's labels; -1 for a row without a score. */
  readonly label: Int32Array;
  /** Sums of rowFlags. */
  readonly flags: Uint32Array;
  /** labelCount floats a pair; undefined unless asked for. */
  readonly probabilities: Float32Array | undefined;
  /** As probabilities. */
  readonly logits: Float32Array | undefined;
  readonly labelCount: number;
  /** The model that answered the whole call. */
  readonly generation: number;
  readonly tokens: number;
  /** Rows without a score. */
  readonly badRows: number;
}

export interface Score {
  readonly similarity: number;
  readonly label: number;
  readonly flags: number;
  readonly probabilities: Float32Array;
  readonly generation: number;
}

export interface ShadowPair {
  readonly shift: Shift;
  readonly a: string;
  readonly b: string;
}

/** A call that failed. The message is one line: what went wrong, where, and what to do. */
export class MgeoError extends Error {
  constructor(status: number, message: string, options?: {cause?: unknown});
  readonly code: Status;
  readonly status: number;
  /** Of a swap that was refused: what was measured. */
  readonly receipt?: SwapReceipt;
  /** Of a journal that is not valid: where. */
  readonly report?: JournalReport;
}

/** One model for many calls, whatever is swapped meanwhile. Made by Engine.job. */
export class Job {
  private constructor();
  score(pairs: Pairs, options?: ScoreOptions): Promise<Scores>;
  info(): ModelInfo;
  /** Ends the job once its calls have ended. */
  close(): Promise<void>;
  [Symbol.dispose](): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Two slots for models, one of them live. */
export class Engine {
  constructor(options?: EngineOptions);

  /** The version of the library that is running. */
  static readonly version: string;

  /** Frees the engine once its calls have ended, and ends jobs that are left. Later calls are refused. */
  close(): Promise<void>;
  [Symbol.dispose](): void;
  [Symbol.asyncDispose](): Promise<void>;

  /** Loads a model into the standby slot; the first one goes live. Without a path: the bundled model. */
  load(path?: string | null, options?: LoadOptions): Promise<ModelInfo>;
  /** Frees the standby model. */
  unload(): Promise<void>;
  /** What a load would need, told by the files' headers alone. */
  static predictMemory(path?: string | null, options?: LoadOptions): Promise<Memory>;

  /** Scores pairs; one model answers the whole call. Rows without a score are flagged and fail nothing else. */
  score(pairs: Pairs, options?: ScoreOptions): Promise<Scores>;
  scorePair(a: string, b: string, options?: ScoreOptions): Promise<Score>;
  /** Holds one model for many calls. */
  job(options?: JobOptions): Job;

  /**
   * Scores a table by Arrow's C data interface: addresses of an ArrowSchema and an ArrowArray with the texts, which stay
   * the caller's, and of two more to fill.
   */
  scoreArrow(pairsSchema: bigint, pairs: bigint, options: ArrowOptions | undefined, scoresSchema: bigint,
    scores: bigint): Promise<void>;
  /** Releases what scoreArrow filled; 0n is passed over. */
  static releaseArrow(schema: bigint, array: bigint): void;

  /** Compares the standby model with the live one, and tells the pairs with the largest shifts, `worst` at most. */
  compare(options: CompareOptions, worst?: number): Promise<CompareReport>;
  /** Cuts traffic over to the standby model, through a gate and followed by a watch if options say so. */
  swap(options?: SwapOptions): Promise<SwapReceipt>;
  /** Cuts traffic back over to the model that was live before the last swap. */
  rollBack(options?: RollBackOptions): Promise<SwapReceipt>;
  /** How the last watch stands, or how it ended. */
  watch(): WatchReport;
  /** The standby model answers this share of the calls, in 1/10,000. */
  setCanary(share: number, options?: CanaryOptions): Promise<void>;
  /** The standby model also scores this share of the live calls, in 1/10,000; its answers are only compared. */
  setShadow(share: number, options?: ShadowOptions): Promise<void>;
  shadow(): ShadowReport;
  /** The pair of shadow calls with the largest shift but `rank`. */
  shadowPair(rank: number): ShadowPair;

  info(slot?: Slot): ModelInfo;
  stats(slot?: Slot): Stats;
  rollout(): Rollout;
  /** Names of tensors in the model's files that scoring does not need. */
  unusedTensors(slot?: Slot): string[];
  /** Fields of the model's JSON files that decided nothing. */
  unusedFields(slot?: Slot): UnusedField[];
  /** All counters as text for a scraper. */
  metrics(format?: MetricsFormat): string;
  /** Checks that no line of a journal was cut, edited or moved. */
  static verifyJournal(path: string): Promise<JournalReport>;
}

/** Records, each an id and a text, or {a: ids, b: texts}. */
export type Records = Pairs;

export interface ChangeOptions {
  /** Cancels the change, which leaves the index as it was. */
  signal?: AbortSignal;
  /** Called now and then with how far the change is. */
  onProgress?: (progress: Progress) => void;
}

export interface RowsOptions extends SearchOptions {
  /** Only rows after the query's are found, so that each pair comes once. */
  later?: boolean;
  /** That the rows are of, as an earlier call answered it; 0: the current one. */
  generation?: number;
}

/** A record that may name the place of a query. */
export interface Candidate {
  readonly id: string;
  /** As it was put in. */
  readonly text: string;
  /** Of the record in its generation: from 0, in the order they were put in. */
  readonly row: number;
  /** 0 to 1: orders candidates, and is not a model's similarity: score the pairs for that. */
  readonly score: number;
  /** Sum of candidateFlags. */
  readonly flags: number;
}

export interface FoundRows {
  /** That the rows are of: give it to the next call, so that a walk meets no change. */
  readonly generation: number;
  readonly candidates: Candidate[][];
}

/** Two rows, from 0, that may name one place, and how sure that is; a score of NaN is no link. */
export interface Link {
  readonly a: number;
  readonly b: number;
  readonly score: number;
}

/**
 * Addresses that can be searched, in memory or mapped from a file. Needs no engine and no model. Searches never wait for
 * a change, and one that has begun ends in the generation that it began in.
 */
export class Index {
  /** An empty index; the options hold for all its changes. */
  constructor(options?: IndexOptions);
  /** Maps a file that save wrote, which is checked first. */
  static open(path: string, options?: IndexOptions): Promise<Index>;

  /** Frees the index once its calls have ended. Later calls are refused. */
  close(): Promise<void>;
  [Symbol.dispose](): void;
  [Symbol.asyncDispose](): Promise<void>;

  /** Adds records; one whose id is there already replaces the former. All are put in or, on failure, none. */
  put(records: Records, options?: ChangeOptions): Promise<void>;
  /** Removes the records with these ids; answers how many were there. */
  remove(ids: readonly string[], options?: ChangeOptions): Promise<number>;
  /** Makes one segment of all, without what was removed. */
  compact(options?: ChangeOptions): Promise<void>;
  /** Writes the index to a file, compacted: the file is the old or the new one, whenever the process ends. */
  save(path: string, options?: ChangeOptions): Promise<void>;
  /** Puts the records of a file in place of all that is there, in one step. That stays ready for rollBack. */
  swap(path: string, options?: ChangeOptions): Promise<void>;
  /** Puts back what the last swap put aside. */
  rollBack(): Promise<void>;
  info(): IndexInfo;

  /** The records with the best scores, best first: for one text, or a list for each of many. */
  search(query: string, options?: SearchOptions): Promise<Candidate[]>;
  search(queries: readonly string[], options?: SearchOptions): Promise<Candidate[][]>;
  /**
   * The same for `count` records of the index itself, from row `first` on, as queries: to find duplicates. A record is
   * never its own candidate, and a removed one has none.
   */
  searchRows(first: number, count: number, options?: RowsOptions): Promise<FoundRows>;
}

/** The form of an address that ways of writing it share: for comparing, not for reading. Empty: it names no place. */
export function normalForm(text: string): string;
/** Clusters `rows` rows by links, and tells of each row where it came. */
export function cluster(links: readonly Link[], rows: number, options?: ClusterOptions): Promise<Member[]>;

/** The bits of Candidate.flags. */
export const candidateFlags: Readonly<Record<CandidateFlag, number>>;
/** The constants of mgeo.h. */
export const constants: Readonly<Record<string, number>>;
/** The bits of Scores.flags. */
export const rowFlags: Readonly<Record<RowFlag, number>>;
/** The bits of ArrowOptions.columns. */
export const arrowColumns: Readonly<Record<ArrowColumn, number>>;
