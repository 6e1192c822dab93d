export { type InstallEvent, type InstallOptions, installNative } from './install.js'
export { type Installed, installedNative, nativeFolder, removeInstalled } from './place.js'
