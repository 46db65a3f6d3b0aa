/// One record of an event file.
struct TensorBoardEvent {
  enum Content {
    /// The first record of each file: the version of the layout.
    case version
    /// Steps from this one on are written anew; readers forget what earlier files say of them.
    case restart
    /// Numbers by tag.
    case scalars([(tag: String, value: Float)])
    /// A picture as PNG bytes.
    case picture(tag: String, png: [UInt8], width: Int, height: Int)
  }

  /// Seconds since 1970.
  var time: Double
  var step: Int
  var content: Content

  /// The event as a message; fields in the order of their numbers.
  var message: ProtocolBuffer {
    var event = ProtocolBuffer()
    if time != 0 { event.add(1, double: time) }
    if step != 0 { event.add(2, integer: step) }
    switch content {
    case .version: event.add(3, text: "brain.Event:2")
    case .scalars(let scalars):
      var summary = ProtocolBuffer()
      for (tag, number) in scalars {
        var value = ProtocolBuffer()
        value.add(1, text: tag)
        value.add(2, float: number)
        summary.add(1, message: value)
      }
      event.add(5, message: summary)
    case .picture(let tag, let png, let width, let height):
      var image = ProtocolBuffer()
      image.add(1, integer: height)
      image.add(2, integer: width)
      // Red, green and blue.
      image.add(3, integer: 3)
      image.add(4, bytes: png)
      var value = ProtocolBuffer()
      value.add(1, text: tag)
      value.add(4, message: image)
      var summary = ProtocolBuffer()
      summary.add(1, message: value)
      event.add(5, message: summary)
    case .restart:
      var session = ProtocolBuffer()
      session.add(1, integer: 1)
      event.add(7, message: session)
    }
    return event
  }

  /// The event as it stands in a file: its length, the length's checksum, the message, the message's checksum.
  var record: [UInt8] {
    let data = message.bytes
    let length = UInt64(data.count).littleEndianBytes
    return length + CRC32C.masked(length).littleEndianBytes + data + CRC32C.masked(data).littleEndianBytes
  }
}
