/** A text for a scraper, and its media type: what the room of the series makes, and servers of several rooms serve. */
export interface Exposition {
  readonly type: string
  readonly text: string
}
