/** A peer id in its text form, as a key of maps. */
export type PeerIdStr = string
