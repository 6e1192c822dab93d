export { type InstallEvent, type InstallOptions, installNative } from './install.js'
export { removeInstalled } from './place.js'
