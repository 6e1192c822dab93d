/** Counts by reason, those of the same one added up. */
export function addedCounts(...all: readonly (Readonly<Record<string, number>> | undefined)[]): Record<string, number> {
  const sum: Record<string, number> = {}
  for (const counts of all) {
    for (const [reason, count] of Object.entries(counts ?? {})) sum[reason] = (sum[reason] ?? 0) + count
  }
  return sum
}

/** Counts by reason. Only known reasons are keys, so a stranger cannot make the table grow. */
export class ReasonCounts<Reason extends string> {
  readonly #counts = new Map<Reason, number>()

  add(reason: Reason): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1)
  }

  /** A snapshot; reasons that never occurred are absent. */
  toRecord(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts)
  }
}
