import { tf } from '../../tensorflow.js'
import { BatchNormalization } from './batch-normalization.js'
import { Concatenate } from './concatenate.js'
import { ELU } from './elu.js'
import { Flatten } from './flatten.js'
import { GroupNormalization } from './group-normalization.js'
import { LayerNormalization } from './layer-normalization.js'
import { Reshape } from './reshape.js'
import { Softmax } from './softmax.js'

/*
 * Layers of ours, which model files name as Keras does. Where TensorFlow.js has one of that name, ours takes its place.
 */

tf.serialization.registerClass(BatchNormalization)
tf.serialization.registerClass(Concatenate)
tf.serialization.registerClass(ELU)
tf.serialization.registerClass(Flatten)
tf.serialization.registerClass(GroupNormalization)
tf.serialization.registerClass(LayerNormalization)
tf.serialization.registerClass(Reshape)
tf.serialization.registerClass(Softmax)
