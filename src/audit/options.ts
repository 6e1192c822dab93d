import type { BackendReport } from '../learner/index.js'
import type { SeenName } from './seen.js'

/** How an audit is done. */
export interface AuditOptions {
  /** What a neighbour sees. @default what the run's manifest says: see {@link seenIn} */
  readonly seen?: SeenName | undefined
  /** How many shadow models are trained; even. @default 8, or 4 when quick */
  readonly shadows?: number | undefined
  /** Fewer records, shadows and iterations: to see that it works. @default false */
  readonly quick?: boolean | undefined
  /** Of what the attacker draws. The same seed, run and backend give the same figures. @default 0 */
  readonly seed?: number | undefined
  /** Only who was there: no inputs are reconstructed. @default false */
  readonly membershipOnly?: boolean | undefined
  /** @default 'auto', the best that works here */
  readonly backend?: 'auto' | BackendReport['name'] | undefined
  /** Threads that train. @default one per core */
  readonly workers?: number | undefined
  readonly onProgress?: ((progress: AuditProgress) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** How far an audit is. */
export interface AuditProgress {
  /** What is done now. */
  readonly doing: 'handing over' | 'shadow models' | 'reconstruction'
  /** Of all its steps, which differ in length. */
  readonly done: number
  readonly of: number
}

/** How much an audit does. */
export interface Effort {
  readonly shadows: number
  /** Records on each side. */
  readonly records: number
  readonly iterations: number
  readonly singles: number
}

/**
 * On 500 records a side the interval of an AUC of 0.5 is ± 0.04 wide; the paper's inversions take 4,800 iterations, of
 * which the last thousands change little in 28×28 pixels.
 */
const whole: Effort = { shadows: 8, records: 500, iterations: 1000, singles: 4 }
const quickly: Effort = { shadows: 4, records: 100, iterations: 100, singles: 2 }

/** What is asked for, settled. */
export function effortOf({ quick = false, shadows }: Pick<AuditOptions, 'quick' | 'shadows'>): Effort {
  const effort = quick ? quickly : whole
  return shadows === undefined ? effort : { ...effort, shadows }
}
