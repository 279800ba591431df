/** The picture of the network as a graph, loaded with its layout library when it is shown. */

import networkCss from './theme/network.css?inline'
import { adopt } from './theme/style-sheets'

adopt([networkCss])

export { Network } from './views/network/Network'
