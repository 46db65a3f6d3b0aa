import LinearAlgebra
import SafeTensors

/// Input covariances of the sources of a merge, kept in a safetensors file.
///
/// A key is `<n>.<layer>.covariance`, `[in, in]`, or `<n>.<layer>.inputs`, `[T, in]` with T inputs as rows. `n` is the
/// position of the source in the merge, from 1; 0 is for inputs on which the merge should do nothing. `<layer>` is the
/// layer as `troupe diagnose` names it, such as `unet.mid_block.attentions.0.transformer_blocks.0.attn2.to_k`.
public struct CovarianceFile: Sendable {
  private let file: SafeTensorsFile

  /// The name for records, without folders.
  var name: String { file.path.split(separator: "/").last.map(String.init) ?? file.path }

  /// Opens a file.
  /// - Throws: `SafeTensorsError`.
  public init(path: String) throws { file = try SafeTensorsFile(path: path) }

  /// The covariances of a layer.
  /// - Throws: ``MergeError`` when one of a source is missing or has another shape, `SafeTensorsError` when it is no numbers.
  func covariances(of layer: MergePlan.Layer) throws -> LayerCovariances {
    LayerCovariances(
      sources: try layer.parts.map { part in
        guard let found = try covariance(part.source + 1, layer) else {
          throw failure(
            "has no covariance of \(layer.path) for source \(part.source + 1); it needs \(part.source + 1).\(layer.path).covariance or .inputs"
          )
        }
        return found
      }, silent: try covariance(0, layer))
  }

  private func covariance(_ position: Int, _ layer: MergePlan.Layer) throws -> Covariance? {
    let key = "\(position).\(layer.path)"
    if let tensor = file["\(key).covariance"] {
      let matrix = try read(tensor, rows: layer.inputs, columns: layer.inputs)
      let asymmetry = (matrix - matrix.transposed).squaredNorm
      // A sum in half precision is symmetric to a thousandth.
      guard asymmetry <= 1e-6 * matrix.squaredNorm else {
        throw failure("\(tensor.name) is not symmetric; a covariance is the sum of x xᵀ over the inputs x")
      }
      return .whole((matrix + matrix.transposed).scaled(by: 0.5))
    }
    guard let tensor = file["\(key).inputs"] else { return nil }
    return .factor(try read(tensor, rows: tensor.shape.first ?? 0, columns: layer.inputs))
  }

  private func read(_ tensor: TensorInfo, rows: Int, columns: Int) throws -> Matrix {
    guard tensor.shape == [rows, columns] else {
      throw failure("\(tensor.name) is \(tensor.shape), but the layer's inputs ask for [\(rows), \(columns)]")
    }
    let matrix = Matrix(rows: rows, columns: columns, elements: try file.doubles(of: tensor))
    guard matrix.elements.allSatisfy(\.isFinite) else {
      throw failure("\(tensor.name) has NaN or infinite values")
    }
    return matrix
  }

  private func failure(_ detail: String) -> MergeError {
    MergeError(path: file.path, rule: .covariance, detail: detail)
  }
}
