/* As much of jsfive as is used here; the package brings no types. */
declare module 'jsfive' {
  export class Group {
    readonly keys: string[]
    readonly attrs: Readonly<Record<string, unknown>>
    get(path: string): Group | Dataset | null
  }
  export class Dataset {
    readonly shape: readonly number[]
    readonly dtype: unknown
    readonly value: ArrayLike<number>
  }
  export class File extends Group {
    constructor(bytes: ArrayBuffer, name?: string)
  }
}
