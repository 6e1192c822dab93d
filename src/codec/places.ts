/** How many of so many numbers are kept: the share, rounded up. */
export function keptOf(numbers: number, keep: number): number {
  return Math.min(numbers, Math.ceil(keep * numbers))
}

/**
 * Bits of a place that are written as they are, where places ascend: the rest of all places together then takes about
 * two bits a place (P. Elias, 1974; R. Fano, 1971), half a bit from the entropy of places at random. Where a bit for
 * each number is shorter, none.
 */
export function lowBits(numbers: number, kept: number): number {
  return 4 * kept > numbers ? 0 : Math.floor(Math.log2(numbers / kept))
}

/** Bytes of `kept` places that ascend: no more than they need, and no less. */
export function placeBytes(numbers: number, kept: number): number {
  const low = lowBits(numbers, kept)
  if (low === 0) return Math.ceil(numbers / 8)
  return Math.ceil((kept * low) / 8) + Math.ceil((kept + Math.floor((numbers - 1) / 2 ** low)) / 8)
}

/**
 * γ of CHOCO for codecs that keep a share of the numbers. Twice the share contracts on rings, tori, exponential and full
 * graphs of 8 to 64 peers at 1.6 to 25 %; three times as much runs apart on the dense ones (ALGORITHMS-2.md 5.1).
 */
export function gammaOf(keep: number): number {
  return Math.min(1, 2 * keep)
}
