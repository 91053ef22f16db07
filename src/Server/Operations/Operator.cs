using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>Who calls.</summary>
/// <param name="KeyId">The key.</param>
/// <param name="Name">Who has it.</param>
/// <param name="Role">What it opens.</param>
public sealed record Operator(string KeyId, string Name, OperatorRole Role);

/// <summary>Where the methods find who calls.</summary>
internal static class OperatorExtensions
{
    /// <summary>The operator who calls. Always there in a method of the operators.</summary>
    public static Operator Operator(this ServerCallContext context) =>
        context.GetHttpContext().Items[typeof(Operator)] as Operator
        ?? throw new InvalidOperationException($"{context.Method} asks for its operator and is none of the operators'.");
}
