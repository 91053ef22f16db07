using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace Charging.Server.Calls;

/// <summary>Null in JSON means that a member is not there, and many clients send it for that. Only `google.protobuf.Value` keeps it.</summary>
internal static class Nulls
{
    /// <summary>Takes every null out of a request.</summary>
    public static void Clear(IMessage message)
    {
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            if (field.FieldType != FieldType.Message || field.IsRepeated || field.Accessor.GetValue(message) is not IMessage inner)
                continue;
            if (inner is Value { KindCase: Value.KindOneofCase.NullValue })
                field.Accessor.Clear(message);
            else
                Clear(inner);
        }
    }
}
