namespace Differ.Tests.Lab;

/// <summary>How guests are run in an L0.</summary>
internal static class Guests
{
    /// <summary>What runs the image that is named behind it; what the guest says comes into the file console.</summary>
    public const string Qemu = "timeout 120 qemu-system-x86_64 -accel kvm -cpu host -machine pc -m 64 -nodefaults -display none "
        + "-device isa-debug-exit,iobase=0xf4,iosize=4 -serial file:console -kernel";
}
