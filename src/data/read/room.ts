/** Room for so much at a time. */
export interface Room {
  /** Waits until there is room; what is larger than all of it comes alone. */
  take(amount: number): Promise<void>
  give(amount: number): void
}

/** @param size - in whatever unit is taken and given */
export function createRoom(size: number): Room {
  let taken = 0
  let waiting: (() => void)[] = []
  return {
    async take(amount) {
      while (taken > 0 && taken + amount > size) await new Promise<void>(resolve => waiting.push(resolve))
      taken += amount
    },
    give(amount) {
      taken -= amount
      const woken = waiting
      waiting = []
      for (const wake of woken) wake()
    },
  }
}
