"""The parts that an imported Keras model may have, by module.

This is an allowlist. It leaves out everything that contains code (Lambda, TFSMLayer, wrappers of other
frameworks) or opens files (lookups, TextVectorization), and everything new. Activations, losses and metrics
may also be plain function names.
"""

from __future__ import annotations


def _split_names(text: str) -> frozenset[str]:
    return frozenset(text.split())


LAYERS = _split_names(
    """
    Activation ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveMaxPooling1D
    AdaptiveMaxPooling2D Add AdditiveAttention AlphaDropout Attention AugMix AutoContrast Average
    AveragePooling1D AveragePooling2D AveragePooling3D BatchNormalization Bidirectional CategoryEncoding
    CenterCrop Concatenate Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose ConvLSTM1D
    ConvLSTM2D Cropping1D Cropping2D Cropping3D CutMix Dense DepthwiseConv1D DepthwiseConv2D Dot Dropout ELU
    EinsumDense Embedding Equalization Flatten GRU GRUCell GaussianDropout GaussianNoise
    GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D
    GlobalMaxPooling2D GlobalMaxPooling3D GroupNormalization GroupQueryAttention Identity InputLayer LSTM
    LSTMCell LayerNormalization LeakyReLU Masking MaxPooling1D MaxPooling2D MaxPooling3D Maximum Minimum
    MixUp MultiHeadAttention Multiply Normalization PReLU Permute Pipeline RMSNormalization RNN RandAugment
    RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop
    RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue
    RandomInvert RandomPerspective RandomPosterization RandomRotation RandomSaturation RandomSharpness
    RandomShear RandomTranslation RandomZoom ReLU RepeatVector Rescaling Reshape Resizing SeparableConv1D
    SeparableConv2D SimpleRNN SimpleRNNCell Softmax Solarization SpatialDropout1D SpatialDropout2D
    SpatialDropout3D SpectralNormalization StackedRNNCells Subtract TimeDistributed UnitNormalization
    UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D
    """
)
MODELS = frozenset(["Functional", "Model", "Sequential"])

_INITIALIZERS = _split_names(
    """
    Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity LecunNormal LecunUniform Ones Orthogonal
    OrthogonalInitializer RandomNormal RandomUniform TruncatedNormal VarianceScaling Zeros
    """
)
_REGULARIZERS = frozenset(["L1", "L1L2", "L2", "OrthogonalRegularizer"])
_CONSTRAINTS = frozenset(["MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"])
_POLICIES = frozenset(["DTypePolicy", "FloatDTypePolicy"])

# Operations that a network uses like layers. None of them takes a function.
_NUMPY = _split_names(
    """
    Absolute Abs Add Amax Amin Argmax Argmin Average BroadcastTo Ceil Clip Concatenate Cos Cumprod Cumsum
    Divide DivideNoNan Dot Einsum Equal Exp ExpandDims Expm1 Flip Floor FloorDivide FullLike GetItem Greater
    GreaterEqual Less LessEqual Log Log10 Log1p Log2 LogicalAnd LogicalNot LogicalOr Matmul Max Maximum Mean
    Min Minimum Mod Moveaxis Multiply Negative NotEqual OnesLike Pad Power Prod Ravel Reciprocal Repeat
    Reshape Roll Round Sign Sin Sinc Split Sqrt Square Squeeze Stack Std Subtract Sum Swapaxes Take
    TakeAlongAxis Tanh Tensordot Tile Transpose TrueDivide Var Where ZerosLike
    """
)
_NN = _split_names(
    """
    AveragePool BatchNorm Celu Conv ConvTranspose DepthwiseConv DotProductAttention Elu Gelu Glu HardSigmoid
    HardSilu HardTanh LayerNorm LeakyRelu LogSigmoid LogSoftmax MaxPool Moments Normalize OneHot RMSNorm
    Relu Relu6 Selu SeparableConv Sigmoid Silu Softmax Softplus Softsign Squareplus
    """
)
_CORE = frozenset(["Cast", "Slice", "StopGradient", "Unstack"])
_MATH = frozenset(["Erf", "Logsumexp", "Rsqrt", "TopK"])
_IMAGE = frozenset(["CropImages", "ExtractPatches", "PadImages", "RGBToGrayscale", "Resize"])

_OPTIMIZERS = _split_names(
    """
    Adadelta Adafactor Adagrad Adam AdamW Adamax Ftrl Lamb Lion LossScaleOptimizer Muon Nadam RMSprop SGD
    """
)
_SCHEDULES = _split_names(
    """
    CosineDecay CosineDecayRestarts ExponentialDecay InverseTimeDecay PiecewiseConstantDecay PolynomialDecay
    """
)
_LOSSES = _split_names(
    """
    BinaryCrossentropy BinaryFocalCrossentropy CategoricalCrossentropy CategoricalFocalCrossentropy
    CategoricalHinge CosineSimilarity Hinge Huber KLDivergence LogCosh MeanAbsoluteError MeanSquaredError
    Poisson SparseCategoricalCrossentropy SquaredHinge
    """
)
_METRICS = _split_names(
    """
    AUC Accuracy BinaryAccuracy BinaryCrossentropy CategoricalAccuracy CategoricalCrossentropy F1Score
    FBetaScore FalseNegatives FalsePositives KLDivergence Mean MeanAbsoluteError MeanSquaredError Precision
    Recall SparseCategoricalAccuracy SparseCategoricalCrossentropy SparseTopKCategoricalAccuracy
    TopKCategoricalAccuracy TrueNegatives TruePositives
    """
)

ALLOWED: dict[str, frozenset[str]] = {
    "keras": MODELS | _POLICIES,
    "keras.models": MODELS,
    "keras.src.models.functional": MODELS,
    "keras.src.models.model": MODELS,
    "keras.src.models.sequential": MODELS,
    "keras.layers": LAYERS,
    "keras.initializers": _INITIALIZERS,
    "keras.regularizers": _REGULARIZERS,
    "keras.constraints": _CONSTRAINTS,
    "keras.dtype_policies": _POLICIES,
    "keras.src.dtype_policies.dtype_policy": _POLICIES,
    "keras.src.applications.convnext": frozenset(["LayerScale", "StochasticDepth"]),
    "keras.src.ops.numpy": _NUMPY,
    "keras.src.ops.nn": _NN,
    "keras.src.ops.core": _CORE,
    "keras.src.ops.math": _MATH,
    "keras.src.ops.image": _IMAGE,
    "keras.optimizers": _OPTIMIZERS,
    "keras.optimizers.schedules": _SCHEDULES,
    "keras.losses": _LOSSES,
    "keras.metrics": _METRICS,
}

ACTIVATIONS = _split_names(
    """
    celu elu exponential gelu glu hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear log_sigmoid
    log_softmax mish relu relu6 selu sigmoid silu softmax softplus softsign squareplus swish tanh
    """
)
FUNCTIONS = ACTIVATIONS | _split_names(
    """
    accuracy acc binary_accuracy binary_crossentropy categorical_accuracy categorical_crossentropy
    categorical_focal_crossentropy cosine_similarity kl_divergence mean_absolute_error mean_squared_error
    sparse_categorical_accuracy sparse_categorical_crossentropy sparse_top_k_categorical_accuracy
    top_k_categorical_accuracy
    """
)
"""Allowed names of a Keras `function`."""

VALUES = frozenset(["__keras_tensor__", "__numpy__", "__tensor__", "__slice__", "__ellipsis__"])
"""Class names of plain values."""

DTYPES = _split_names(
    """
    bool bfloat16 float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64
    """
)
"""Allowed data types of values and inputs."""
