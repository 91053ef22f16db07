using System.Reflection;
using Charging.Ops.V1;
using Google.Api;
using Google.Protobuf.Reflection;

namespace Charging.Server.Operations;

/// <summary>Who may call which method, read from the protos: there it is said, with the method, and nowhere else.</summary>
public static class Access
{
    /// <summary>Every method of the operators, by its full gRPC name.</summary>
    public static readonly IReadOnlyDictionary<string, MethodDescriptor> Methods = typeof(PileService).Assembly.GetTypes()
        .Where(type => type.Namespace == typeof(PileService).Namespace && type.Name.EndsWith("Reflection", StringComparison.Ordinal))
        .Select(type => (FileDescriptor)type.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!)
        .SelectMany(file => file.Services)
        .SelectMany(service => service.Methods)
        .ToDictionary(NameOf);

    /// <summary>The full gRPC name of a method.</summary>
    public static string NameOf(MethodDescriptor method) => $"/{method.Service.FullName}/{method.Name}";

    /// <summary>The least role that may call a method; of one that does not say, and of one that is not known, an admin.</summary>
    public static OperatorRole LeastRole(string method) =>
        Methods.TryGetValue(method, out var known) && known.GetOptions()?.GetExtension(AccessExtensions.Role) is { } role and not Role.Unspecified
            ? (OperatorRole)role
            : OperatorRole.Admin;

    /// <summary>What a method that reads much at once has as its subject in the audit log; null for all others.</summary>
    public static string? BulkRead(string method) =>
        Methods.TryGetValue(method, out var known) && known.GetOptions()?.GetExtension(AccessExtensions.BulkRead) is { Length: > 0 } subject ? subject : null;

    /// <summary>Whether a method changes anything: over HTTP it is no GET.</summary>
    public static bool Changes(string method) =>
        Methods.TryGetValue(method, out var known)
        && known.GetOptions()?.GetExtension(AnnotationsExtensions.Http)?.PatternCase is not HttpRule.PatternOneofCase.Get;
}
