/** How far the reading of a file, or of a folder of images, is. */
export interface ReadProgress {
  /** What is being read: the file, or the image. */
  readonly path: string
  /** Bytes of the file, or images of the folder. */
  readonly done: number
  readonly of: number
}

/** How a reading is ended, and watched. */
export interface Reading {
  /** Ends it between two pieces, with its reason. */
  readonly signal?: AbortSignal | undefined
  /** Called for every piece, some thousand times a second. Must not throw. */
  readonly onRead?: ((progress: ReadProgress) => void) | undefined
}
