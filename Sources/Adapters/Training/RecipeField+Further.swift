import SafeTensors

extension TrainingRecord {
  /// What the files beside the weights say.
  package var notesFields: [RecipeField] {
    guard let notes else { return [] }
    return group(
      "Beside the file",
      [
        ("activation_text", "Activation text", notes.activationText),
        ("trained_words", "Trained words", notes.trainedWords.joined(separator: "; ")),
        ("preferred_weight", "Preferred strength", number(notes.preferredWeight)),
        ("negative_text", "Negative prompt", notes.negativeText), ("made_for", "Made for", notes.baseModel),
        ("published_title", "Published as", notes.title), ("published_version", "Published version", notes.version),
        ("published_description", "Description", notes.description?.shortened(to: 600)),
        ("notes", "Notes", notes.text?.shortened(to: 600)),
      ])
  }

  /// Metadata that no other field takes; a value of many lines is cut short.
  package var furtherFields: [RecipeField] {
    further.map { setting in
      RecipeField(
        id: setting.key, group: "Further settings", label: Self.furtherLabels[setting.key] ?? setting.key,
        value: setting.value.shortened(to: 200))
    }
  }

  /// What settings of single trainers are called; all others go by their keys.
  private static let furtherLabels = [
    "ss_fp8_llm": "FP8 language model", "ss_gradient_checkpointing_cpu_offload": "Checkpoints kept in RAM",
    "ss_has_control": "Control images", "ss_frozen_visual_params": "Frozen visual parameters",
    "ss_noise_scale_start": "Noise scale, first", "ss_noise_scale_end": "Noise scale, last",
    "ss_noise_clip_std": "Noise clipped at σ", "ss_self_flow": "Self-flow",
    "ss_self_flow_gamma": "Self-flow γ", "ss_self_flow_gamma_warmup_steps": "Self-flow γ warm-up steps",
    "ss_self_flow_mask_ratio": "Self-flow mask share", "ss_self_flow_ema_decay": "Self-flow EMA decay",
    "ss_self_flow_student_layer": "Self-flow student layer", "ss_self_flow_teacher_layer": "Self-flow teacher layer",
    "ss_self_flow_teacher_coupling_prob": "Self-flow coupling share",
    "ss_self_flow_teacher_coupling_decay": "Self-flow coupling decay",
    "ss_self_flow_teacher_mismatch_ratio": "Self-flow mismatch share", "ss_dino_loss_weight": "DINO loss weight",
    "ss_dino_loss_backend": "DINO backend", "ss_dino_loss_model_type": "DINO model",
    "ss_dino_loss_layer": "DINO layer", "ss_dino_loss_feature_mode": "DINO features",
    "ss_dino_loss_resize": "DINO image side", "ss_dino_loss_use_norm": "DINO norms",
    "ss_dino_loss_use_gram": "DINO Gram matrices", "ss_dino_loss_every_n_steps": "DINO loss every n steps",
    "ss_lr_scheduler_power": "LR scheduler power", "ss_lr_scheduler_num_cycles": "LR scheduler cycles",
    "ss_lr_step_rules": "LR step rules",
  ]
}
