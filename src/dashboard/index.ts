export { createDashboard, type Dashboard, type DashboardInit } from './dashboard.js'
export { dashboardLimits } from './limits.js'
export type { ActionName, ActionState, PeerView, SeenMember, WatchedPeer } from './peer-view.js'
export { type WatchedPeerInit, watchPeer } from './watched-peer.js'
