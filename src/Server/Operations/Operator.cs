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

    /// <summary>Insists that whoever calls may set prices, where a method of a lower role would change one.</summary>
    public static void InsistOnPrices(this ServerCallContext context)
    {
        if (context.Operator() is { Role: < OperatorRole.Finance } who)
            throw Refusal.Of(StatusCode.PermissionDenied, $"This changes what riders pay, which needs the role finance, and the key '{who.Name}' has not: ask finance or an admin.", Reasons.RoleTooLow);
    }
}
