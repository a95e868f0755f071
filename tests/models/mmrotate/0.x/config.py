# A rotated RetinaNet on a ResNet-18 of 16 channels, for MMRotate 0.x: tests/train_mmrotate.py.
angle_version = "le90"
model = dict(
    type="RotatedRetinaNet",
    backbone=dict(type="ResNet", depth=18, base_channels=16, zero_init_residual=False),
    neck=dict(
        type="FPN", in_channels=[16, 32, 64, 128], out_channels=64, start_level=1, num_outs=3
    ),
    bbox_head=dict(
        type="RotatedRetinaHead",
        num_classes=2,
        in_channels=64,
        stacked_convs=2,
        feat_channels=64,
        norm_cfg=dict(type="GN", num_groups=8),
        assign_by_circumhbbox=None,
        anchor_generator=dict(
            type="RotatedAnchorGenerator",
            octave_base_scale=4,
            scales_per_octave=2,
            ratios=[1.0, 0.5, 2.0],
            strides=[8, 16, 32],
        ),
        bbox_coder=dict(
            type="DeltaXYWHAOBBoxCoder",
            angle_range=angle_version,
            norm_factor=None,
            edge_swap=True,
            proj_xy=True,
        ),
    ),
    test_cfg=dict(
        nms_pre=2000, min_bbox_size=0, score_thr=0.05, nms=dict(iou_thr=0.1), max_per_img=2000
    ),
)

dataset_type = "DOTADataset"
data_root = "data/desk/"
img_norm_cfg = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True)
test_pipeline = [
    dict(type="LoadImageFromFile"),
    dict(
        type="MultiScaleFlipAug",
        img_scale=(256, 256),
        flip=False,
        transforms=[
            dict(type="RResize"),
            dict(type="Normalize", **img_norm_cfg),
            dict(type="Pad", size_divisor=32),
            dict(type="DefaultFormatBundle"),
            dict(type="Collect", keys=["img"]),
        ],
    ),
]
data = dict(
    samples_per_gpu=8,
    workers_per_gpu=0,
    test=dict(
        type=dataset_type,
        ann_file=data_root + "annfiles/",
        img_prefix=data_root + "images/",
        pipeline=test_pipeline,
        version=angle_version,
    ),
)
runner = dict(type="EpochBasedRunner", max_epochs=14)
