"""Plain convolutions with ReLU: filters, depth, batch size and optimizer vary."""

from functools import partial

from keras import optimizers

from tb_gradhealth.demo.zoo.blocks import relu_cnn
from tb_gradhealth.demo.zoo.fitting import Fit
from tb_gradhealth.demo.zoo.tables import digit_images
from tb_gradhealth.demo.zoo.training import accuracy, healthy

VARIANTS = (
    (8, 1, 32, partial(optimizers.Adam, 2e-3)),
    (8, 2, 32, partial(optimizers.Adam, 1e-3)),
    (12, 2, 16, partial(optimizers.SGD, 0.05, momentum=0.9)),
    (8, 3, 64, partial(optimizers.RMSprop, 1e-3)),
    (6, 4, 24, partial(optimizers.Nadam, 1e-3)),
)

TRAININGS = [
    healthy(
        f"relu_cnn_filters{filters}_depth{depth}_{optimizer.func.__name__.lower()}_seed{seed}",
        Fit(partial(relu_cnn, filters, depth), digit_images, optimizer, batch=batch, seed=seed),
        accuracy(0.8),
        seed,
    )
    for seed, (filters, depth, batch, optimizer) in enumerate(VARIANTS)
]
