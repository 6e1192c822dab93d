/** What a dashboard serves and holds at most: it has one user, with a few tabs. */
export const dashboardLimits = {
  connections: 32,
  headerBytes: 8 * 1024,
  headers: 64,
  bodyBytes: 1024,
  /** For a request's headers and body to arrive. */
  requestMs: 5_000,
  /** For browsers to take what is left when the run is over. */
  endMs: 1_000,
} as const
