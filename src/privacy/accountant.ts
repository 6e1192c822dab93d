/**
 * The accountant of differential privacy: what steps on noised gradients tell of one record. Rényi differential privacy of
 * the sampled Gaussian mechanism (arXiv 1908.10530), records being added or removed; docs/privacy.md has what is promised.
 */

/** Steps of one kind. */
export interface ChargedSteps {
  /** q: the probability with which each record takes part in a step, independently of the others. In (0, 1]. */
  readonly rate: number
  /** σ: the noise's standard deviation, in units of the bound on one record's gradient. */
  readonly noise: number
  readonly steps: number
}

/** Rényi orders. Each bounds ε by itself; fractional ones would only tighten a large ε. */
const orders = Array.from({ length: 255 }, (_, place) => place + 2)

/** σ is sought between these (ALGORITHMS-2.md 3.3). */
const noiseLimits = { least: 0.3, most: 100 }
/** They leave σ open by less than a millionth of itself. */
const halvings = 24

/**
 * Rényi divergence of one step at an integer order α ≥ 2, in nats:
 * ln(Σ_k C(α,k)(1−q)^{α−k} q^k e^{(k²−k)/2σ²})/(α−1) (arXiv 1908.10530, section 3.3).
 *
 * @returns infinity without noise
 */
export function renyiOfStep(order: number, { rate, noise }: Omit<ChargedSteps, 'steps'>): number {
  if (noise === 0) return Number.POSITIVE_INFINITY
  // All terms but the last vanish.
  if (rate === 1) return order / (2 * noise ** 2)
  const [logOut, logIn, spread] = [Math.log1p(-rate), Math.log(rate), 2 * noise ** 2]
  const logs = logBinomials(order).map((log, k) => log + (order - k) * logOut + k * logIn + (k ** 2 - k) / spread)
  return logOfSum(logs) / (order - 1)
}

/** What a step costs at every order. It takes some milliseconds to compute; each round then adds it up. */
export function costOfStep(step: Omit<ChargedSteps, 'steps'>): readonly number[] {
  return orders.map(order => renyiOfStep(order, step))
}

/**
 * ε at δ of steps of several kinds: their divergences add up at each order, and are turned into (ε, δ) once (arXiv
 * 2004.00010, proposition 12).
 *
 * @param taken - how many, and what one costs: see {@link costOfStep}
 * @param delta - in (0, 1)
 * @returns at least 0, which is that of no step; infinity without noise
 */
export function epsilonOf(
  taken: readonly { readonly steps: number; readonly cost: readonly number[] }[],
  delta: number,
): number {
  const any = taken.filter(({ steps }) => steps > 0)
  if (any.length === 0) return 0
  const epsilons = orders.map((order, place) => {
    const divergence = any.reduce((sum, { steps, cost }) => sum + steps * cost[place]!, 0)
    return converted(order, divergence, delta)
  })
  return Math.max(0, Math.min(...epsilons))
}

/** ε at δ of a divergence at one order. */
function converted(order: number, divergence: number, delta: number): number {
  return divergence + Math.log1p(-1 / order) - (Math.log(delta) + Math.log(order)) / (order - 1)
}

/**
 * What {@link epsilonOf} gives for steps of one kind, of some twenty orders instead of all: σ is sought by it for each
 * of a thousand simulated peers. ε·(α − 1) is convex in the order α, as (α − 1) times the divergence is and
 * (α − 1)·ln(α − 1) − α·ln α; so ε falls up to its least and grows from there. Every order bounds it in any case.
 */
function leastEpsilon({ steps, ...step }: ChargedSteps, delta: number): number {
  const at = (place: number): number => converted(orders[place]!, steps * renyiOfStep(orders[place]!, step), delta)
  let [least, most] = [0, orders.length - 1]
  while (least < most) {
    const middle = Math.floor((least + most) / 2)
    if (at(middle) <= at(middle + 1)) most = middle
    else least = middle + 1
  }
  return Math.max(0, at(least))
}

/**
 * The least σ of at least 0.3 with which steps stay within ε, rounded upwards.
 *
 * @returns nothing where even σ = 100 does not suffice
 */
export function noiseFor(
  epsilon: number,
  delta: number,
  { rate, steps }: Omit<ChargedSteps, 'noise'>,
): number | undefined {
  const isWithin = (noise: number): boolean => leastEpsilon({ rate, noise, steps }, delta) <= epsilon
  let { least, most } = noiseLimits
  if (isWithin(least)) return least
  if (!isWithin(most)) return undefined
  for (let halving = 0; halving < halvings; halving++) {
    const middle = Math.sqrt(least * most)
    if (isWithin(middle)) most = middle
    else least = middle
  }
  return most
}

const binomials: number[][] = []

/** ln C(n, k) for k from 0 to n. */
function logBinomials(n: number): readonly number[] {
  let log = 0
  binomials[n] ??= Array.from({ length: n + 1 }, (_, k) => {
    if (k > 0) log += Math.log((n - k + 1) / k)
    return log
  })
  return binomials[n]
}

/** ln Σ e^x, without overflow. */
function logOfSum(logs: readonly number[]): number {
  const largest = Math.max(...logs)
  return largest + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - largest), 0))
}
